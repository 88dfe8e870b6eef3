/** By which address a guest sees the client of a tunnel (facts §9.4, decision 0034). */
import { tunnelArguments } from "../../base/api-error.ts";
import { cidrContains, parseCidr, parseIpv4 } from "../../base/ipv4.ts";
import type { Tunnel } from "./tunnel-request.ts";

/** Whose guests cannot see clients' addresses, by the part of a type's name before the point. */
const unfit = new Set(["c1", "cg1", "cg2", "g1", "hi1", "m1", "m2", "m3", "t1"]);
/** Of these blocks no packet gets to a guest, or back from it. */
const nobodys = ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"];

/** Undefined: by the endpoint's. Fails with a sentence when it should be the client's and cannot be. */
export function chooseClientAddress({ endpoint, instanceType, preservesAgainst }: Pick<Tunnel, "endpoint" | "instanceType" | "preservesAgainst">, client: string): string | undefined {
  if (preservesAgainst === undefined) return undefined;
  const family = instanceType.split(".")[0] ?? "";
  const refuse = (why: string) => tunnelArguments(`${endpoint} preserves clients' addresses: ${why} Turn that off (ModifyInstanceConnectEndpoint, PreserveClientIp), or use another way.`);
  if (unfit.has(family)) throw refuse(`instances of the type ${instanceType} cannot be connected to so.`);
  const address = parseIpv4(client);
  if (address === undefined || isWithin(nobodys, address)) throw refuse(`${client}, from where you call, is no address that a guest can answer. Call the service by the address of \`up --listen\`.`);
  if (isWithin(preservesAgainst, address)) throw refuse(`${client}, from where you call, is within the blocks of the instance's own VPC.`);
  return client;
}

function isWithin(blocks: readonly string[], address: number): boolean {
  return blocks.map(parseCidr).some((block) => block !== undefined && cidrContains(block, address));
}
