/**
 * Makes one VPC's namespace what a scene asks for, and remembers what it has made, so that the next scene costs its difference.
 *
 * Promised: established connections go on through every change and through a new agent's first one, which finds out what there is
 * and replaces it in place. After an error nothing is taken for granted.
 */
import type { InterfaceId } from "../../base/ids.ts";
import { batchScript, rulesScript, runInNamespace } from "./command.ts";
import { fabricLines, removalLine, toolOf, type LineTool } from "./fabric-lines.ts";
import { readFabric } from "./fabric-state.ts";
import { ipv6Lines } from "./ipv6-lines.ts";
import { vpcLinkAddress, vpcLinkServiceIpv6 } from "./link-addresses.ts";
import { interfaceDevices } from "./names.ts";
import { ensurePeering, removePeeringLines } from "./peering.ts";
import { tableChanges, wholeTable, type RuleTable } from "./rule-table.ts";
import { ensureOverlay, ensureServiceLink, type VpcPlace } from "./vpc-namespace.ts";
import { vpcIpv6Rules } from "./vpc-ipv6-rules.ts";
import { overlayRules, vpcRules } from "./vpc-rules.ts";
import type { VpcScene } from "./vpc-scene.ts";
import { ensureWire } from "./wire.ts";

interface Made {
  readonly lines: Map<string, string>;
  readonly networkIdentifier?: number;
  readonly wireMac?: string;
  /** Of IPv4 and of IPv6; absent: not known, so they are replaced as a whole. */
  readonly tables?: readonly [RuleTable, RuleTable];
  readonly overlayRules: string;
  /** Absent: not known. Devices towards peers that an earlier agent made and nobody needs do no harm. */
  readonly hasPeers?: boolean;
  readonly hasIpv6?: boolean;
  readonly resolver: string;
}

export class VpcProgram {
  #made: Made | undefined;

  async apply(place: VpcPlace, scene: VpcScene): Promise<void> {
    const before: Made = this.#made ?? { lines: await readFabric(place.namespace), overlayRules: "", resolver: "" };
    this.#made = undefined;
    const { networkIdentifier, wireMac, resolver } = scene;
    if (networkIdentifier !== undefined && before.networkIdentifier !== networkIdentifier) await ensureOverlay(place, networkIdentifier);
    if (wireMac !== undefined && before.wireMac !== wireMac) await ensureWire(place, wireMac);
    const hasPeers = networkIdentifier !== undefined && scene.peers.length > 0;
    if (hasPeers && before.hasPeers !== true) await ensurePeering(place, networkIdentifier);
    const hasIpv6 = scene.ipv6Blocks.length > 0;
    if (hasIpv6 && before.hasIpv6 !== true) await ensureServiceLink(place);
    const after = {
      lines: new Map([...fabricLines(scene), ...ipv6Lines(scene, place.linkNumber)]),
      ...(networkIdentifier === undefined ? {} : { networkIdentifier }),
      ...(wireMac === undefined ? {} : { wireMac }),
      tables: [vpcRules({ linkAddress: vpcLinkAddress(place.linkNumber), underlayBlock: place.underlayBlock, scene }), vpcIpv6Rules(scene, vpcLinkServiceIpv6(place.linkNumber))] as const,
      overlayRules: networkIdentifier === undefined ? "" : overlayRules(scene),
      resolver,
      hasPeers,
      hasIpv6,
    };
    const script = changeScript(before, after);
    if (script !== "") await runInNamespace(place.namespace, script);
    this.#made = after;
  }

  /** The interface's device was lost and made anew; what referred to it is gone. */
  forgetInterface(id: InterfaceId): void {
    const { inner } = interfaceDevices(id);
    for (const [key, line] of this.#made?.lines ?? []) if (`${key} ${line}`.split(" ").includes(inner)) this.#made?.lines.delete(key);
  }
}

/** What is new comes before what goes, so that an address that moves is never without a way. */
function changeScript(before: Made, after: Made & { readonly tables: readonly [RuleTable, RuleTable]; readonly hasPeers: boolean }): string {
  const come = [...after.lines].filter(([key, line]) => before.lines.get(key) !== line);
  const gone = [...before.lines.keys()].filter((key) => !after.lines.has(key));
  const comeBy = (tool: LineTool) => come.flatMap(([key, line]) => (toolOf(key) === tool ? line : []));
  const goneBy = (tool: LineTool) => gone.flatMap((key) => (toolOf(key) === tool ? (removalLine(key) ?? []) : []));
  const rules = after.tables.map((table, index) => (before.tables?.[index] === undefined ? wholeTable(table) : tableChanges(before.tables[index], table))).join("");
  return [
    ...comeBy("sh").map((line) => `${line}\n`),
    ...batchScript("ip", [...(before.resolver === after.resolver ? [] : [`address replace ${after.resolver}/32 dev lo`]), ...comeBy("ip")]),
    ...batchScript("ip -6", comeBy("ip -6")),
    ...batchScript("bridge", comeBy("bridge")),
    ...rulesScript(rules + (before.overlayRules === after.overlayRules ? "" : after.overlayRules)),
    ...batchScript("ip", [...goneBy("ip"), ...(before.hasPeers === true && !after.hasPeers ? removePeeringLines : [])], true),
    ...batchScript("ip -6", goneBy("ip -6"), true),
    ...batchScript("bridge", goneBy("bridge"), true),
  ].join("");
}
