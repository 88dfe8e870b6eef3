/**
 * Launch templates as rows: a name that is unique in its account and region, and numbered versions that never change. A request names a template by its id
 * or its name, and a version by its number, `$Latest` or `$Default` (facts §12.1).
 */
import {
  duplicateLaunchTemplate,
  invalidParameterCombination,
  invalidParameterValue,
  launchTemplateLimit,
  launchTemplateVersionLimit,
  launchTemplateVersionNotFound,
  malformedLaunchTemplateName,
  missingParameter,
  notFound,
} from "../base/api-error.ts";
import { newId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import type { LaunchTemplateRow, LaunchTemplateVersionRow } from "../store/compute-tables.ts";
import type { Tx } from "../store/store.ts";
import type { LaunchTemplateData } from "./launch-template-data.ts";
import { ownedRows, requireOwnedRow, type Owner } from "./owned-rows.ts";
import { removeAllTags } from "./tags.ts";

const templateLimit = 5000;
const versionLimit = 10_000;
const longestDescription = 255;
const latest = "$Latest";
const byDefault = "$Default";

export interface TemplateReference {
  readonly LaunchTemplateId?: string | undefined;
  readonly LaunchTemplateName?: string | undefined;
}

export interface NewVersion {
  readonly description: string | undefined;
  readonly data: LaunchTemplateData;
  /** The ARN of who makes it. */
  readonly author: string;
}

export function requireTemplateName(name: string): string {
  if (!/^[a-zA-Z0-9().\-/_]{3,128}$/.test(name)) throw malformedLaunchTemplateName(name);
  return name;
}

export function requireVersionDescription(text: string | undefined): string | undefined {
  if ((text?.length ?? 0) > longestDescription) throw invalidParameterValue(`A version's description must not exceed ${longestDescription} characters.`);
  return text;
}

/** Fails when the name is taken or the account has all the templates that it may have. */
export async function refuseTakenTemplateName(tx: Tx, owner: Owner, name: string): Promise<void> {
  const rows = await ownedRows(tx, "launch_templates", owner);
  if (rows.some((row) => row.name === name)) throw duplicateLaunchTemplate(name);
  if (rows.length >= templateLimit) throw launchTemplateLimit(templateLimit);
}

/** The template that a request names by id or by name, never by both. */
export async function requireTemplate(tx: Tx, owner: Owner, { LaunchTemplateId: id, LaunchTemplateName: name }: TemplateReference): Promise<LaunchTemplateRow> {
  if (id !== undefined && name !== undefined) throw invalidParameterCombination("You must specify either a launch template ID or a launch template name, but not both.");
  if (id !== undefined) return requireOwnedRow(tx, "launch_templates", owner, id);
  if (name === undefined) throw missingParameter("LaunchTemplateId");
  const mine = tx.db.selectFrom("launch_templates").selectAll().where("account", "=", owner.account).where("region", "=", owner.region);
  const row = await mine.where("name", "=", name).executeTakeFirst();
  if (row === undefined) throw notFound("launchTemplateName", name);
  return row;
}

export async function createTemplate(tx: Tx, owner: Owner, name: string, first: NewVersion, random: Random, now: number): Promise<LaunchTemplateRow> {
  const row: LaunchTemplateRow = {
    id: newId("launchTemplate", random),
    account: owner.account,
    region: owner.region,
    name,
    default_version: 1,
    latest_version: 1,
    next_version: 2,
    created_at: now,
    created_by: first.author,
  };
  await tx.db.insertInto("launch_templates").values(row).execute();
  await insertVersion(tx, row, 1, first, now);
  return row;
}

/** The next number's version. */
export async function createVersion(tx: Tx, template: LaunchTemplateRow, version: NewVersion, now: number): Promise<LaunchTemplateVersionRow> {
  const number = template.next_version;
  if (number > versionLimit) throw launchTemplateVersionLimit(versionLimit);
  await tx.db.updateTable("launch_templates").set({ latest_version: number, next_version: number + 1 }).where("id", "=", template.id).execute();
  return insertVersion(tx, template, number, version, now);
}

async function insertVersion(tx: Tx, { id }: LaunchTemplateRow, version: number, { description, data, author }: NewVersion, now: number): Promise<LaunchTemplateVersionRow> {
  const row: LaunchTemplateVersionRow = { template_id: id, version, description: description ?? null, data: JSON.stringify(data), created_at: now, created_by: author };
  await tx.db.insertInto("launch_template_versions").values(row).execute();
  return row;
}

/** The version that a request names: a number, `$Latest` or `$Default`, which is also meant by none. */
export async function requireVersion(tx: Tx, template: LaunchTemplateRow, name: string = byDefault): Promise<LaunchTemplateVersionRow> {
  const number = versionNumber(template, name);
  const ofTemplate = tx.db.selectFrom("launch_template_versions").selectAll().where("template_id", "=", template.id);
  const row = number === undefined ? undefined : await ofTemplate.where("version", "=", number).executeTakeFirst();
  if (row === undefined) throw launchTemplateVersionNotFound(template.id, name);
  return row;
}

/** Undefined for what is no version's name at all. */
export function versionNumber(template: LaunchTemplateRow, name: string): number | undefined {
  if (name === latest) return template.latest_version;
  if (name === byDefault) return template.default_version;
  return /^[1-9]\d{0,8}$/.test(name) ? Number(name) : undefined;
}

/** From old to new. */
export async function listVersions(tx: Tx, template: LaunchTemplateRow): Promise<LaunchTemplateVersionRow[]> {
  return tx.db.selectFrom("launch_template_versions").selectAll().where("template_id", "=", template.id).orderBy("version").execute();
}

export async function setDefaultVersion(tx: Tx, template: LaunchTemplateRow, version: number): Promise<LaunchTemplateRow> {
  await tx.db.updateTable("launch_templates").set({ default_version: version }).where("id", "=", template.id).execute();
  return { ...template, default_version: version };
}

/** The newest that is left is the latest then. The default version is not to be among them. */
export async function deleteVersions(tx: Tx, template: LaunchTemplateRow, versions: readonly number[]): Promise<void> {
  if (versions.length === 0) return;
  await tx.db.deleteFrom("launch_template_versions").where("template_id", "=", template.id).where("version", "in", versions).execute();
  const newest = (await listVersions(tx, template)).at(-1);
  await tx.db.updateTable("launch_templates").set({ latest_version: newest?.version ?? template.default_version }).where("id", "=", template.id).execute();
}

export async function deleteTemplate(tx: Tx, { id }: LaunchTemplateRow): Promise<void> {
  await tx.db.deleteFrom("launch_template_versions").where("template_id", "=", id).execute();
  await tx.db.deleteFrom("launch_templates").where("id", "=", id).execute();
  await removeAllTags(tx, id);
}
