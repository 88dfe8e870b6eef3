/** A guest's metadata, as the service on its host would answer, from what the control plane asks of that host. */
import { systemClock, type Clock } from "../../src/base/clock.ts";
import { systemRandom } from "../../src/base/random.ts";
import { answerMetadata } from "../../src/host/metadata/answer.ts";
import { openHostDesk } from "../../src/reconcile/hosts/host-desk.ts";
import type { StaffedServer } from "./simulated-hosts.ts";
import { secretKey } from "./test-server.ts";

/** What is at this path below `latest/meta-data/` at the moment that the host's clock shows, or the status where nothing is. */
export async function readMetadata(server: StaffedServer, id: string, path: string, clock: Clock = systemClock): Promise<string | number> {
  await server.hosts.settle();
  const desk = openHostDesk(server.store, systemClock, secretKey);
  const { host_id: host } = await server.read((tx) => tx.db.selectFrom("instances").select("host_id").where("id", "=", id as never).executeTakeFirstOrThrow());
  const { incarnation } = await server.read((tx) => tx.db.selectFrom("hosts").select("incarnation").where("id", "=", host ?? "").executeTakeFirstOrThrow());
  const page = await desk.poll(host ?? "", incarnation, 0, 0, new AbortController().signal);
  desk.close();
  if (typeof page === "string") throw new Error(page);
  const machine = page.specifications.find((each) => each.id === id);
  if (machine?.kind !== "machine") throw new Error(`${id} is not asked of its host`);
  const signer = { signature: async () => "", rsa2048: async () => "", pkcs7: async () => "" };
  const parts = { clock, random: systemRandom, secret: new Uint8Array(32), signer };
  const { status, body } = await answerMetadata({ method: "GET", target: `/latest/meta-data/${path}`, headers: {} }, machine, parts);
  return status === 200 ? body.toString() : status;
}
