/** Public parameters as Systems Manager shows them. They have one version, and no account in their ARN. */
import type { Parameter } from "@aws-sdk/client-ssm";
import { parameterNotFound, parameterVersionNotFound } from "../../base/api-error.ts";
import type { ImageParameter } from "../../compute/image-parameter.ts";

const version = 1;

export function toParameterView({ name, imageId, modifiedAt }: ImageParameter, region: string): Parameter {
  return {
    Name: name,
    Type: "String",
    Value: imageId,
    Version: version,
    LastModifiedDate: new Date(modifiedAt),
    ARN: parameterArn(name, region),
    DataType: "aws:ec2:image",
  };
}

export function parameterArn(name: string, region: string): string {
  return `arn:aws:ssm:${region}::parameter${name.startsWith("/") ? name : `/${name}`}`;
}

/** The parameter that the text names: a path or an ARN, and `:VERSION` behind it. Fails when there is none, or not this version. */
export function requireParameter(parameters: readonly ImageParameter[], asked: string, region: string): Parameter {
  const path = asked.replace(/^arn:aws:ssm:[a-z0-9-]*:\d*:parameter(?=\/)/, "");
  const [name = "", selector] = path.split(":", 2);
  const parameter = parameters.find((each) => each.name === name);
  if (parameter === undefined) throw parameterNotFound(asked);
  if (selector === undefined) return toParameterView(parameter, region);
  if (selector !== String(version)) throw parameterVersionNotFound(asked);
  return { ...toParameterView(parameter, region), Selector: `:${selector}` };
}
