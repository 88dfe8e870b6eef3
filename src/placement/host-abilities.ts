/** What a host has said of itself, as placement needs it. */
import type { HostDescription } from "../host/protocol/report.ts";
import { virtualizations, type Virtualization } from "../host/protocol/specification.ts";
import type { HostRow } from "../store/tables.ts";

export interface Abilities {
  /** Those that work. */
  readonly virtualizations: readonly Virtualization[];
  /** The same for machines of arm64; absent: none. */
  readonly arm64?: readonly Virtualization[];
  /** Virtual functions of its network cards. */
  readonly functions: number;
  /** Devices that guests can have. */
  readonly accelerators: number;
  /** Of the whole machine, shared by all hosts on it; absent: no limit is known. */
  readonly diskGib?: number;
  readonly networkMbps?: number;
}

export function abilitiesOf({ description: text }: Pick<HostRow, "description">): Abilities {
  if (text === null) return unknown;
  let abilities = knownAbilities.get(text);
  if (abilities === undefined) {
    const { engines, arm64, cards = [], accelerators = [], machine } = JSON.parse(text) as HostDescription; // written from a parsed arrival
    const { diskGib, networkMbps } = machine;
    abilities = {
      virtualizations: virtualizations.filter((kind) => engines[kind].works),
      ...(arm64?.works === true ? { arm64: ["emulated"] } : {}),
      functions: cards.reduce((sum, card) => sum + (card.disksGib === undefined ? card.functions : 0), 0),
      accelerators: accelerators.reduce((sum, { count }) => sum + count, 0),
      ...(diskGib === undefined ? {} : { diskGib }),
      ...(networkMbps === undefined ? {} : { networkMbps }),
    };
    if (knownAbilities.size >= 1_000) knownAbilities.clear();
    knownAbilities.set(text, abilities);
  }
  return abilities;
}

/** Of a host whose agent has never arrived. */
const unknown: Abilities = { virtualizations: [], functions: 0, accelerators: 0 };

/** By the description's text: hosts are asked at every launch, and hardly ever describe themselves anew. */
const knownAbilities = new Map<string, Abilities>();
