import { invalidFilterKey, validationException } from "../../base/api-error.ts";
import { listImageParameters, type ImageParameter } from "../../compute/image-parameter.ts";
import { defineServiceAction } from "../action.ts";
import { nextTokenField, parsePage, takePage, type PageScope, type PageTokens } from "../describe/paging.ts";
import { parameterArn, toParameterView } from "./parameter-view.ts";

const maxPage = 10;

/** The public parameters below a path: one level of it, or all. */
export const GetParametersByPath = defineServiceAction("ssm", {
  name: "GetParametersByPath",
  supported: "public parameters of images only; no ParameterFilters",
  readOnly: true,
  load: ({ input, caller, tx }) => {
    const { Path: path = "", MaxResults: maxResults = maxPage } = input;
    if (!/^\/[\w./-]*$/.test(path)) throw validationException("The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash \"/\".");
    if (maxResults < 1 || maxResults > maxPage) throw validationException(`Value '${maxResults}' at 'maxResults' must be between 1 and ${maxPage}.`);
    const [filter] = input.ParameterFilters ?? [];
    if (filter !== undefined) throw invalidFilterKey(filter.Key ?? "");
    return listImageParameters(tx, caller);
  },
  authorize: (_parameters, { input, caller }) => [{ action: "ssm:GetParametersByPath", resource: parameterArn(input.Path ?? "", caller.region) }],
  apply: (parameters, { input, caller, now, pageSecret }) => {
    const { MaxResults: maxResults = maxPage, NextToken: nextToken, ...rest } = input;
    const scope: PageScope = { action: "GetParametersByPath", account: caller.account, region: caller.region, filters: rest };
    const tokens: PageTokens = { secret: pageSecret, clock: { now: () => now } };
    const position = parsePage({ maxResults, nextToken }, { minimum: 1, maximum: maxPage }, scope, tokens);
    const page = takePage(below(parameters, input.Path ?? "", input.Recursive === true), ({ name }) => name, position, scope, tokens);
    return { Parameters: page.rows.map((parameter) => toParameterView(parameter, caller.region)), ...nextTokenField(page.nextToken) };
  },
});

function below(parameters: readonly ImageParameter[], path: string, recursive: boolean): ImageParameter[] {
  const folder = path.endsWith("/") ? path : `${path}/`;
  return parameters.filter(({ name }) => name.startsWith(folder) && (recursive || !name.slice(folder.length).includes("/")));
}
