import type { Parameter } from "@aws-sdk/client-ssm";
import { isApiError, validationException } from "../../base/api-error.ts";
import { listImageParameters, type ImageParameter } from "../../compute/image-parameter.ts";
import { defineServiceAction } from "../action.ts";
import { parameterArn, requireParameter } from "./parameter-view.ts";

const maxNames = 10;

/** Several public parameters; those that do not exist are listed, and are no error. */
export const GetParameters = defineServiceAction("ssm", {
  name: "GetParameters",
  supported: "public parameters of images only",
  readOnly: true,
  load: ({ input, caller, tx }) => {
    const names = input.Names ?? [];
    if (names.length === 0 || names.length > maxNames) throw validationException(`Member must have length between 1 and ${maxNames}: names`);
    if (new Set(names).size < names.length) throw validationException("Duplicate parameters were provided.");
    return listImageParameters(tx, caller);
  },
  authorize: (_parameters, { input, caller }) => (input.Names ?? []).map((name) => ({ action: "ssm:GetParameters", resource: parameterArn(name, caller.region) })),
  apply: (parameters, { input, caller }) => {
    const found = (input.Names ?? []).map((name) => ({ name, parameter: findParameter(parameters, name, caller.region) }));
    return {
      Parameters: found.flatMap(({ parameter }) => parameter ?? []),
      InvalidParameters: found.flatMap(({ name, parameter }) => (parameter === undefined ? [name] : [])),
    };
  },
});

function findParameter(parameters: readonly ImageParameter[], name: string, region: string): Parameter | undefined {
  try {
    return requireParameter(parameters, name, region);
  } catch (thrown) {
    if (isApiError(thrown)) return undefined;
    throw thrown;
  }
}
