/** The `Principal` element: who a statement is about. */
import type { Principals } from "./document.ts";
import { malformed, requireMembers, requireTexts } from "./elements.ts";

export function parsePrincipals(value: unknown, not: boolean, where: string): Principals {
  if (value === "*") return { not, anyone: true, aws: [], services: [], federated: [] };
  const members = requireMembers(value, where, ["AWS", "Service", "Federated", "CanonicalUser"]);
  if (Object.keys(members).length === 0) throw malformed("Syntax errors in policy: nobody is named", where);
  const texts = (name: string) => (members[name] === undefined ? [] : requireTexts(members[name], `${where}.${name}`));
  if (texts("CanonicalUser").length > 0) throw malformed("Invalid principal in policy: there are no canonical users", where);
  const aws = texts("AWS").map((principal) => parseAwsPrincipal(principal, `${where}.AWS`));
  const services = texts("Service");
  const badService = services.find((service) => !/^[\w.-]+\.amazonaws\.com(?:\.cn)?$/.test(service));
  if (badService !== undefined) throw malformed(`Invalid principal in policy: "SERVICE":"${badService}"`, `${where}.Service`);
  return { not, anyone: aws.includes("*"), aws: aws.filter((principal) => principal !== "*"), services, federated: texts("Federated") };
}

function parseAwsPrincipal(principal: string, where: string): string {
  if (principal === "*") return principal;
  if (/^\d{12}$/.test(principal)) return `arn:aws:iam::${principal}:root`;
  const isPrincipal = /^arn:aws:(?:iam::\d{12}:(?:root|(?:user|role)\/[\w+=,.@/-]+)|sts::\d{12}:(?:assumed-role\/[\w+=,.@-]+\/[\w+=,.@-]+|federated-user\/[\w+=,.@-]+))$/.test(principal);
  if (!isPrincipal) throw malformed(`Invalid principal in policy: "AWS":"${principal}"`, where);
  return principal;
}
