/**
 * What of this machine is its host's: the device that is the way to the underlay network and how large packets it has room for, cards, accelerators. `host join`
 * may say otherwise each time that it starts the host; what it does not name stays as it was. A host that is there keeps what it began with, so it must be down.
 */
import { isDeepStrictEqual } from "node:util";
import { carriedBy } from "../../host/network/device-mtu.ts";
import { leastNodeMtu, nodeMtu } from "../../host/network/packet-size.ts";
import { CommandError, exitCodes } from "../command-error.ts";
import { requireAccelerators, requireCards } from "../named-devices.ts";
import { writeMembership, type Membership } from "./membership.ts";

export type HostDevices = Pick<Membership, "device" | "mtu" | "cards" | "accelerators">;

const words: Readonly<Record<keyof HostDevices, string>> = { device: "another underlay device", mtu: "another MTU", cards: "other cards", accelerators: "other accelerators" };

/** Fails with a `CommandError` unless the machine has them and they fit together. */
export async function requireDevices(devices: HostDevices, carried = carriedBy): Promise<void> {
  const { device, mtu, cards, accelerators } = inFull(devices);
  requireCards([device, ...cards]);
  requireAccelerators(accelerators);
  const room = Math.min(mtu, await carried(device));
  if (room < leastNodeMtu) throw new CommandError(`${device} has room for packets of ${room} bytes, and a host needs ${leastNodeMtu}: its guests' packets are 50 bytes smaller.`, { exitCode: exitCodes.usage, remedy: "Name another device, or a larger --mtu" });
  if (cards.includes(device)) throw new CommandError(`${device} is the way to the data centre, and cannot be split among guests.`, { exitCode: exitCodes.usage, remedy: "Name another card with --cards" });
}

export interface KnownHost {
  readonly dataDirectory: string;
  readonly known: Membership;
  /** Its processes are, or its namespace. */
  readonly isThere: boolean;
}

/** The host with what is wished for, which is remembered. Fails with a `CommandError`, and changes nothing, when that cannot be. */
export async function giveDevices({ dataDirectory, known, isThere }: KnownHost, wish: Partial<HostDevices>, carried = carriedBy): Promise<Membership> {
  const changed: Membership = { ...known, ...wish };
  const [former, wished] = [inFull(known), inFull(changed)];
  const names = Object.keys(words) as (keyof HostDevices)[]; // Object.keys widens to string[]
  const others = names.filter((name) => !isDeepStrictEqual(former[name], wished[name]));
  if (others.length === 0) return known;
  if (isThere) throw new CommandError(`The host ${known.host} is there, with ${others.map((name) => words[name]).join(" and ")}.`, { remedy: "./hostelry down ends it here; then this command starts it with these" });
  await requireDevices(changed, carried);
  await writeMembership(dataDirectory, changed);
  return changed;
}

/** Without a number packets are as large as nodes can use, as far as the device carries them. */
function inFull({ device, mtu = nodeMtu, cards = [], accelerators = [] }: HostDevices): Required<HostDevices> {
  return { device, mtu, cards, accelerators };
}
