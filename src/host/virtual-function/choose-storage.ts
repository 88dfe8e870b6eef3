/** Which virtual functions of NVMe controllers a guest's local disks are: pure, from the host's cards as they are now and what others have. */
import { findCardDoubt, type PassThrough } from "./card-doubt.ts";
import { usableFunctions } from "./choose-function.ts";
import type { Namespace } from "./nvme-controller.ts";
import type { PhysicalFunction } from "./physical-functions.ts";

/** A function and the namespace that it sees. */
export interface StorageFunction {
  /** The controller's address, `0000:02:00.0`: its name may change. */
  readonly card: string;
  readonly number: number;
  readonly address: string;
  readonly namespace: number;
  readonly bytes: number;
}

export interface StorageCard {
  readonly card: PhysicalFunction;
  readonly primary: number;
  readonly namespaces: readonly Namespace[];
}

/** Undefined: none that the agent knows. `taken`: by guests. */
export function findStorageDoubt({ card, primary, namespaces }: StorageCard, pass: PassThrough, taken: readonly StorageFunction[]): string | undefined {
  const doubt = findCardDoubt(card, pass);
  if (doubt !== undefined) return doubt.reason;
  const own = namespaces.find(({ id, controllers }) => controllers.includes(primary) && !taken.some((each) => each.card === card.address && each.namespace === id));
  if (own !== undefined) return `the host itself uses its namespace ${own.id}: a controller for guests' disks has nothing of the host's`;
  return namespaces.length === 0 ? "it has no namespace: nvme create-ns makes them, of the sizes that local disks of instance types have" : undefined;
}

/** One for each disk, in order, with a namespace of just its size; or why there is not one for each. */
export function chooseStorage(present: readonly StorageCard[], pass: PassThrough, taken: readonly StorageFunction[], disksBytes: readonly number[]): readonly StorageFunction[] | string {
  const chosen: StorageFunction[] = [];
  for (const bytes of disksBytes) {
    const held = [...taken, ...chosen];
    const found = present.filter((each) => findStorageDoubt(each, pass, taken) === undefined).flatMap(({ card, namespaces }): StorageFunction[] => {
      const here = held.filter((each) => each.card === card.address);
      const free = usableFunctions(card).find(({ address }) => !here.some((each) => each.address === address));
      const namespace = namespaces.find((each) => each.bytes === bytes && !here.some(({ namespace: other }) => other === each.id));
      return free === undefined || namespace === undefined ? [] : [{ card: card.address, number: free.number, address: free.address, namespace: namespace.id, bytes }];
    })[0];
    if (found === undefined) return whyNone(present, pass, taken, bytes);
    chosen.push(found);
  }
  return chosen;
}

function whyNone(present: readonly StorageCard[], pass: PassThrough, taken: readonly StorageFunction[], bytes: number): string {
  const doubts = present.flatMap((each) => findStorageDoubt(each, pass, taken) ?? []);
  return doubts[0] ?? `no free virtual function with a free namespace of ${bytes / 2 ** 30} GiB`;
}
