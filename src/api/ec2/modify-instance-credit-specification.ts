import { creditsNotSupported, duplicateCreditInstance, incorrectInstanceState, isApiError, notFound } from "../../base/api-error.ts";
import { parseCreditMode } from "../../compute/cpu-credits.ts";
import { requireInstances } from "../../compute/instance.ts";
import { changeAttribute } from "../../compute/instance-attribute.ts";
import type { InstanceRow } from "../../store/compute-tables.ts";
import { defineAction, ec2Arn } from "../action.ts";
import { inTurn } from "../in-turn.ts";

/** How burstable instances spend their credits, from now on. What cannot be changed is named in the answer, and the others change. */
export const ModifyInstanceCreditSpecification = defineAction({
  name: "ModifyInstanceCreditSpecification",
  supported: "whole",
  tokenScope: () => "",
  load: async ({ input, caller, tx }) => {
    const asked = input.InstanceCreditSpecifications;
    const ids = asked.map(({ InstanceId: id = "" }) => id);
    const twice = ids.find((id, index) => ids.indexOf(id) !== index);
    if (twice !== undefined) throw duplicateCreditInstance(twice);
    return inTurn(asked, async ({ InstanceId: id = "", CpuCredits: credits }) => {
      const mode = parseCreditMode(credits);
      try {
        const [instance] = await requireInstances(tx, caller, [id]);
        if (instance === undefined) throw notFound("instance", id);
        return { id, mode, instance: requireBurstable(instance) };
      } catch (thrown) {
        if (!isApiError(thrown)) throw thrown;
        return { id, error: { Code: thrown.code as FailureCode, Message: thrown.message } }; // of these functions, see below
      }
    });
  },
  authorize: (asked, { caller }) => asked.map(({ id }) => ({ action: "ec2:ModifyInstanceCreditSpecification", resource: ec2Arn(caller, "instance", id) })),
  apply: async (asked, { tx, now }) => {
    await inTurn(asked, async (each) => {
      if (each.instance !== undefined) await changeAttribute(tx, each.instance, { kind: "columns", columns: { credit_specification: each.mode } }, now);
    });
    return {
      SuccessfulInstanceCreditSpecifications: asked.flatMap(({ id, instance }) => (instance === undefined ? [] : [{ InstanceId: id }])),
      UnsuccessfulInstanceCreditSpecifications: asked.flatMap(({ id, error }) => (error === undefined ? [] : [{ InstanceId: id, Error: error }])),
    };
  },
});

/** Those that the SDK's model has. */
type FailureCode = "IncorrectInstanceState" | "InstanceCreditSpecification.NotSupported" | "InvalidInstanceID.NotFound" | "InvalidInstanceID.Malformed";

function requireBurstable(instance: InstanceRow): InstanceRow {
  if (instance.credit_specification === null) throw creditsNotSupported(instance.id);
  if (instance.want === "terminated") throw incorrectInstanceState(instance.id, "modified");
  return instance;
}
