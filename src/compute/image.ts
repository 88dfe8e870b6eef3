/** Images as rows: which an account may see and launch, and their ids, which are the same in every installation. */
import { imagePending, imageUnavailable, malformedId, notAuthorizedFor, notFound, PartialFailure } from "../base/api-error.ts";
import { isId, type ImageId } from "../base/ids.ts";
import { everyRegion } from "../base/regions.ts";
import type { ImageRow } from "../store/compute-tables.ts";
import { prepareKept } from "../store/prepared.ts";
import type { Tx } from "../store/store.ts";

/** The account that owns the images an installation brings along; callers may ask for owner `amazon`. */
export const imageOwnerAccount = "136693071363";

interface Reader {
  readonly account: string;
  readonly region: string;
}

/** The images that the account may see in the region: its own, those shared with it and the public ones; not those that were deregistered. */
export async function listVisibleImages(tx: Tx, { account, region }: Reader): Promise<ImageRow[]> {
  const granted = tx.db.selectFrom("image_permissions").select("image_id").where("grantee", "=", account);
  return tx.db
    .selectFrom("images")
    .selectAll()
    .where("region", "in", [region, everyRegion])
    .where("deregistered_at", "is", null)
    .where(({ eb, or }) => or([eb("public", "=", 1), eb("account", "=", account), eb("id", "in", granted)]))
    .orderBy("id")
    .execute();
}

/**
 * The machine image to launch. The id may also be an alias that was made for this installation, or `resolve:ssm:NAME`.
 * Fails as EC2 does when it is malformed, unknown, another's, or not available.
 */
export async function requireLaunchableImage(tx: Tx, reader: Reader, asked: string): Promise<ImageRow> {
  const image = await requireVisibleImage(tx, reader, asked);
  if (image.state === "pending" && image.local_name !== null) throw await wantImage(tx, image);
  if (image.state !== "available") throw imageUnavailable(image.id);
  return image;
}

/** The machine image that the account may see, in whatever state; `asked` as for `requireLaunchableImage`. Of one that was deregistered it says so. */
export async function requireVisibleImage(tx: Tx, reader: Reader, asked: string): Promise<ImageRow> {
  const id = await resolveImageAlias(tx, asked.replace(/^resolve:ssm:/, ""));
  if (!isId("image", id)) throw asked.startsWith("resolve:ssm:") ? notFound("image", asked) : malformedId("image", id);
  const image = await findVisibleImage(tx, reader, id);
  if (image === undefined || image.image_type !== "machine") throw notFound("image", id);
  if (image.deregistered_at !== null) throw imageUnavailable(id);
  return image;
}

/** The account's own machine image. Fails for every other, in another way for one that it may launch. */
export async function requireOwnImage(tx: Tx, owner: Reader, asked: string): Promise<ImageRow> {
  const image = await requireVisibleImage(tx, owner, asked);
  if (image.account !== owner.account) throw notAuthorizedFor("image", asked);
  return image;
}

/** The image of that id or alias, whosever it is. */
export async function findImage(tx: Tx, asked: string): Promise<ImageRow | undefined> {
  return tx.db.selectFrom("images").selectAll().where("id", "=", await resolveImageAlias(tx, asked)).executeTakeFirst();
}

/** Remembers that the image is wanted, so that it is built; the launch itself is refused until then. */
async function wantImage(tx: Tx, image: ImageRow): Promise<PartialFailure> {
  if (image.wanted === 0) await tx.db.updateTable("images").set({ wanted: 1 }).where("id", "=", image.id).execute();
  tx.touch("images");
  return new PartialFailure(imagePending(image.id));
}

/** What the alias stands for, or the text itself when it is none. */
export async function resolveImageAlias(tx: Tx, text: string): Promise<string> {
  const [row] = await selectAlias(tx, { alias: text });
  return row?.image_id ?? text;
}

const selectAlias = prepareKept((db, { alias }: { alias: string }) => db.selectFrom("image_aliases").select("image_id").where("alias", "=", alias));

export interface AskedImage {
  readonly row: ImageRow;
  /** The id that the request named: the image's own, or an alias that was made for this installation. */
  readonly askedId: string;
}

/** The images of the ids, machine and kernel images alike. Fails as EC2 does when one is malformed, or unknown to the account. */
export async function requireVisibleImages(tx: Tx, reader: Reader, askedIds: readonly string[]): Promise<AskedImage[]> {
  const images: AskedImage[] = [];
  const missing: string[] = [];
  for (const askedId of new Set(askedIds)) {
    if (!isId("image", askedId) && !isId("kernel", askedId)) throw malformedId("image", askedId);
    const row = await findVisibleImage(tx, reader, await resolveImageAlias(tx, askedId));
    if (row === undefined || row.deregistered_at !== null) missing.push(askedId);
    else images.push({ row, askedId });
  }
  if (missing.length > 0) throw notFound("image", missing);
  return images;
}

async function findVisibleImage(tx: Tx, { account, region }: Reader, id: string): Promise<ImageRow | undefined> {
  const [row] = await selectImage(tx, { id });
  const here = row?.region === region || row?.region === everyRegion;
  return here && (row.public === 1 || row.account === account || (await isGranted(tx, id, account))) ? row : undefined;
}

const selectImage = prepareKept((db, { id }: { id: string }) => db.selectFrom("images").selectAll().where("id", "=", id));

async function isGranted(tx: Tx, id: string, account: string): Promise<boolean> {
  const grants = tx.db.selectFrom("image_permissions").select("grantee").where("grantee", "=", account);
  return (await grants.where("image_id", "=", id as ImageId).executeTakeFirst()) !== undefined; // only compared
}

/** The kernel image that paravirtual guests boot when their image names none. */
export async function findKernelImage(tx: Tx, id: string | null): Promise<ImageRow | undefined> {
  const kernels = tx.db.selectFrom("images").selectAll().where("image_type", "=", "kernel").where("state", "=", "available");
  return (id === null ? kernels.orderBy("created_at", "desc") : kernels.where("id", "=", id)).executeTakeFirst();
}

/** A kernel image that the account may name, and that is there. */
export async function findVisibleKernel(tx: Tx, reader: Reader, id: string): Promise<ImageRow | undefined> {
  const row = await findVisibleImage(tx, reader, id);
  return row?.image_type === "kernel" && row.state === "available" ? row : undefined;
}
