import { listImageParameters } from "../../compute/image-parameter.ts";
import { defineServiceAction } from "../action.ts";
import { parameterArn, requireParameter } from "./parameter-view.ts";

/** The image that a public parameter stands for in this region. */
export const GetParameter = defineServiceAction("ssm", {
  name: "GetParameter",
  supported: "public parameters of images only",
  readOnly: true,
  load: ({ caller, tx }) => listImageParameters(tx, caller),
  authorize: (_parameters, { input, caller }) => [{ action: "ssm:GetParameter", resource: parameterArn(input.Name ?? "", caller.region) }],
  apply: (parameters, { input, caller }) => ({ Parameter: requireParameter(parameters, input.Name ?? "", caller.region) }),
});
