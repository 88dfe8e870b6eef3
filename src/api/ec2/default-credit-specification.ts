/** What burstable instances are launched with that say nothing else, by family. */
import { parseCreditFamily, parseCreditMode, readDefaultMode, setDefaultMode } from "../../compute/cpu-credits.ts";
import { defineAction } from "../action.ts";

export const GetDefaultCreditSpecification = defineAction({
  name: "GetDefaultCreditSpecification",
  supported: "whole",
  readOnly: true,
  load: ({ input }) => parseCreditFamily(input.InstanceFamily),
  authorize: () => [{ action: "ec2:GetDefaultCreditSpecification", resource: "*" }],
  apply: async (family, { tx, caller }) => ({ InstanceFamilyCreditSpecification: { InstanceFamily: family, CpuCredits: await readDefaultMode(tx, caller, family) } }),
});

export const ModifyDefaultCreditSpecification = defineAction({
  name: "ModifyDefaultCreditSpecification",
  supported: "whole; valid at once",
  load: ({ input }) => ({ family: parseCreditFamily(input.InstanceFamily), mode: parseCreditMode(input.CpuCredits) }),
  authorize: () => [{ action: "ec2:ModifyDefaultCreditSpecification", resource: "*" }],
  apply: async ({ family, mode }, { tx, caller, now }) => {
    await setDefaultMode(tx, caller, family, mode, now);
    return { InstanceFamilyCreditSpecification: { InstanceFamily: family, CpuCredits: mode } };
  },
});
