/** What a device that is not ours has room for. Drivers say it, and some refuse less than they say: a VLAN's has no more room than the card below has now. */
import { CommandFailedError, ipBatch, ipJson } from "./command.ts";
import { numberField } from "./json-field.ts";
import { nodeMtu } from "./packet-size.ts";

/** The largest packets that the driver says the device can be made to carry, up to what nodes need. */
export async function carriedBy(device: string, namespace?: string): Promise<number> {
  const [link] = await ipJson(["-details", "link", "show", "dev", device], namespace);
  const most = numberField(link, "max_mtu") ?? 0; // a driver without a limit says 0
  return most === 0 ? nodeMtu : Math.min(nodeMtu, most);
}

/** Makes the device carry packets of so many bytes, or else as it did; how many now. */
export async function widen(device: string, wanted: number, namespace: string): Promise<number> {
  const mtu = Math.min(wanted, await carriedBy(device, namespace));
  try {
    await ipBatch([`link set ${device} mtu ${mtu}`], { namespace });
    return mtu;
  } catch (error) {
    const [link] = await ipJson(["link", "show", "dev", device], namespace);
    const present = numberField(link, "mtu");
    if (!(error instanceof CommandFailedError) || present === undefined || present > mtu) throw error;
    return present;
  }
}
