/** A host's cards are named by their devices: `eth1` is a network card's, `nvme0` an NVMe controller. */
export function isStorageCard(name: string): boolean {
  return /^nvme\d+$/.test(name);
}
