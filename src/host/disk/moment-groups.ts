/**
 * One moment for several volumes (CreateSnapshots): all are taken from their users, then every one gets its new layer, then all are given back.
 * So nothing that was written later is in any of them, and everything that a user was told is in all of them.
 *
 * That a volume is held is written down before anything else, and taken back after everything else: an agent that dies in between leaves
 * volumes that are exported to nobody until the next one has finished it.
 */
import type { VolumeId } from "../../base/ids.ts";
import type { SnapshotOrder } from "../protocol/specification.ts";
import type { OpenVolume } from "./open-volume.ts";

interface Volumes {
  /** Undefined when this agent has not heard of it. */
  readonly find: (id: VolumeId) => OpenVolume | undefined;
  readonly hasData: (id: VolumeId) => Promise<boolean>;
  readonly changed: (id: VolumeId) => void;
}

export class MomentGroups {
  readonly #volumes: Volumes;
  readonly #waiting = new Set<OpenVolume>();

  constructor(volumes: Volumes) {
    this.#volumes = volumes;
  }

  /** The volume was brought in line with its specification: its group, and the others that wait for it, may be complete now. */
  async attend(volume: OpenVolume): Promise<void> {
    this.#waiting.add(volume);
    const concerned = [...this.#waiting].filter((one) => one === volume || one.groupOrder()?.order.together?.includes(volume.id) === true);
    for (const one of concerned) {
      if (await this.#tryTake(one)) this.#waiting.delete(one);
    }
  }

  /** False when it has to wait for others. */
  async #tryTake(volume: OpenVolume): Promise<boolean> {
    const { find, changed } = this.#volumes;
    if (find(volume.id) !== volume) return true; // it was removed
    const group = volume.groupOrder();
    if (group === undefined) {
      if (volume.isHeld) await volume.exclusively(() => volume.letGo()); // for a snapshot that is no longer asked for
      return true;
    }
    const members = await this.#membersOf(volume, group);
    if (members === undefined) return false;
    if (!(await exclusivelyAll(members, () => takeTogether(members, group.order)))) return false;
    for (const { id } of members) changed(id);
    return true;
  }

  /** Undefined as long as not all of them are ready. */
  async #membersOf(volume: OpenVolume, { order, isTaken }: NonNullable<ReturnType<OpenVolume["groupOrder"]>>): Promise<readonly OpenVolume[] | undefined> {
    const members: OpenVolume[] = [];
    for (const id of [...(order.together ?? [])].toSorted()) {
      const member = this.#volumes.find(id);
      if (member?.isKnown !== true) {
        // Whoever is held was held when all were there. One without data has been removed since.
        if (volume.isHeld && member === undefined && !(await this.#volumes.hasData(id))) continue;
        return undefined;
      }
      if (isTaken && !member.isHeld) continue; // let go of already
      if (!isSameGroup(member.groupOrder()?.order, order)) return undefined;
      members.push(member);
    }
    return members;
  }
}

function isSameGroup(a: SnapshotOrder | undefined, b: SnapshotOrder): boolean {
  const [mine, others] = [a?.together ?? [], b.together ?? []];
  return mine.length === others.length && mine.every((id) => others.includes(id));
}

/** Always in the same order, so that two groups never wait for each other. */
function exclusivelyAll<T>(members: readonly OpenVolume[], step: () => Promise<T>): Promise<T> {
  const [first, ...others] = members;
  return first === undefined ? step() : first.exclusively(() => exclusivelyAll(others, step));
}

/** False when something has changed before it was alone with them. */
async function takeTogether(members: readonly OpenVolume[], order: SnapshotOrder): Promise<boolean> {
  const orders = members.flatMap((member) => {
    const group = member.groupOrder();
    return group !== undefined && isSameGroup(group.order, order) ? [{ member, order: group.order }] : [];
  });
  if (orders.length < members.length) return false;
  await Promise.all(orders.map((one) => one.member.hold(one.order)));
  await Promise.all(orders.map((one) => one.member.take(one.order)));
  await Promise.all(orders.map((one) => one.member.letGo()));
  return true;
}
