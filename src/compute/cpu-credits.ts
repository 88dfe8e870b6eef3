/** CPU credits of burstable instances: how they spend them, and what a run begins with (facts §3.7). Hosts earn and spend them. */
import { invalidCpuCredits, invalidInstanceFamily, updateLimitExceeded } from "../base/api-error.ts";
import type { CreditBalance, CreditSpecification } from "../host/protocol/processor.ts";
import { findAccountSetting, putAccountSetting } from "../store/account-settings.ts";
import type { InstanceRow } from "../store/compute-tables.ts";
import type { Tx } from "../store/store.ts";
import { requireInstanceType } from "./instance-types/catalogue.ts";
import type { InstanceType } from "./instance-types/instance-type.ts";
import type { Owner } from "./owned-rows.ts";

export type CreditMode = CreditSpecification["mode"];

/** The families whose default can be set. */
export const creditFamilies = ["t2", "t3", "t3a", "t4g"] as const;
export type CreditFamily = (typeof creditFamilies)[number];

const launchCreditsPerVcpu = 30;
/** T3, T3a and T4g keep their credits for so long after a stop; T2 loses them. */
const keptMs = 7 * 24 * 3_600_000;
const none: CreditBalance = { balance: 0, launch: 0, surplus: 0, charged: 0 };

export type CreditColumns = Pick<InstanceRow, "credit_specification" | "credits_at_start" | "observed_credits">;

/** The columns of an instance that is launched; a type that is not burstable has none. */
export async function creditsOfLaunch(tx: Tx, owner: Owner, type: InstanceType, asked: string | undefined): Promise<CreditColumns> {
  if (type.burstable === undefined) return { credit_specification: null, credits_at_start: null, observed_credits: null };
  const mode = asked === undefined ? await readDefaultMode(tx, owner, toFamily(type.family)) : parseCreditMode(asked);
  return { credit_specification: mode, credits_at_start: JSON.stringify(launchBalance(type, mode)), observed_credits: null };
}

/** The same columns for each of so many instances: launch credits go to the first of them, as far as the day's suffice. */
export async function shareLaunchCredits(tx: Tx, owner: Owner, columns: CreditColumns, count: number, now: number): Promise<readonly CreditColumns[]> {
  const [credited, plain] = [readBalance(columns), { ...columns, credits_at_start: JSON.stringify(none) }];
  const granted = credited === undefined || credited.launch === 0 ? count : await takeCreditedLaunches(tx, owner, count, now);
  return Array.from({ length: count }, (_, index) => (index < granted ? columns : plain));
}

/** The columns of an instance that begins another run: after a stop, or on another host because its own has died, which costs it nothing. What was said of the last run is over. */
export async function creditsOfStart(tx: Tx, instance: InstanceRow, now: number): Promise<Pick<InstanceRow, "credits_at_start" | "observed_credits">> {
  const type = requireInstanceType(instance.instance_type);
  const { family, burstable } = type;
  if (burstable === undefined) return { credits_at_start: null, observed_credits: null };
  const before = readBalance(instance);
  const isKept = family !== "t2" && now - (instance.observed_at ?? 0) <= keptMs; // a stopped instance was heard of last when it had stopped
  const afterStop = before !== undefined && isKept ? { ...none, balance: Math.min(before.balance, burstable.maximumCredits) } : launchBalance(type, instance.credit_specification);
  const goesOn = instance.recovering_since !== null && before !== undefined;
  const isDenied = !goesOn && afterStop.launch > 0 && (await takeCreditedLaunches(tx, instance, 1, now)) === 0;
  return { credits_at_start: JSON.stringify(goesOn ? before : isDenied ? none : afterStop), observed_credits: null };
}

/** What its host must know of an instance's credits. */
export function toCreditSpecification(instance: InstanceRow, { burstable }: InstanceType): CreditSpecification | undefined {
  if (burstable === undefined || instance.credits_at_start === null) return undefined;
  const mode = instance.credit_specification === "unlimited" ? "unlimited" : "standard";
  return { mode, earnedPerHour: burstable.creditsPerHour, maximum: burstable.maximumCredits, initial: JSON.parse(instance.credits_at_start) as CreditBalance }; // written above
}

/** As its host said last, or as the run began. */
export function readBalance({ observed_credits: observed, credits_at_start: atStart }: CreditColumns): CreditBalance | undefined {
  const text = observed ?? atStart;
  return text === null ? undefined : (JSON.parse(text) as CreditBalance); // a parsed report, or written above
}

export function parseCreditMode(text: string | undefined): CreditMode {
  if (text !== "standard" && text !== "unlimited") throw invalidCpuCredits(text ?? "");
  return text;
}

/** Of T2 in standard mode alone. */
function launchBalance(type: InstanceType, mode: string | null): CreditBalance {
  return type.family === "t2" && mode === "standard" ? { ...none, launch: launchCreditsPerVcpu * type.vcpus } : none;
}

const creditedLaunchesADay = 100;

/** How many of so many launches or starts have launch credits: the account's in the region first in any 24 hours. */
async function takeCreditedLaunches(tx: Tx, owner: Owner, count: number, now: number): Promise<number> {
  const kept = JSON.parse((await findAccountSetting(tx, owner, creditedLaunches)) ?? "[]") as readonly number[]; // written below
  const lately = kept.filter((at) => now - at < dayMs);
  const granted = Math.min(count, creditedLaunchesADay - lately.length);
  if (granted > 0) await putAccountSetting(tx, owner, creditedLaunches, JSON.stringify([...lately, ...Array.from({ length: granted }, () => now)]));
  return granted;
}

/** The setting's value is when they were, as a list of milliseconds since 1970. */
const creditedLaunches = "t2-credited-launches";

export async function readDefaultMode(tx: Tx, owner: Owner, family: CreditFamily): Promise<CreditMode> {
  return (await readDefault(tx, owner, family))?.mode ?? (family === "t2" ? "standard" : "unlimited");
}

interface DefaultSetting {
  readonly mode: CreditMode;
  /** When it was set, milliseconds since 1970, of the last day. */
  readonly setAt: readonly number[];
}

const [leastPauseMs, dayMs, mostChangesADay] = [300_000, 24 * 3_600_000, 4];

/** What instances of the family are launched with that say nothing else. Not twice in five minutes, and not five times in a day. */
export async function setDefaultMode(tx: Tx, owner: Owner, family: CreditFamily, mode: CreditMode, now: number): Promise<void> {
  const lately = ((await readDefault(tx, owner, family))?.setAt ?? []).filter((at) => now - at < dayMs);
  if (lately.length >= mostChangesADay || lately.some((at) => now - at < leastPauseMs)) throw updateLimitExceeded(family);
  const setting: DefaultSetting = { mode, setAt: [...lately, now] };
  await putAccountSetting(tx, owner, settingName(family), JSON.stringify(setting));
}

async function readDefault(tx: Tx, owner: Owner, family: CreditFamily): Promise<DefaultSetting | undefined> {
  const text = await findAccountSetting(tx, owner, settingName(family));
  return text === undefined ? undefined : (JSON.parse(text) as DefaultSetting); // written by `setDefaultMode`
}

function settingName(family: CreditFamily): string {
  return `default-credits-${family}`;
}

export function parseCreditFamily(text: string): CreditFamily {
  const family = creditFamilies.find((each) => each === text);
  if (family === undefined) throw invalidInstanceFamily(text);
  return family;
}

/** Of a burstable type: `t1` has had its launch credits only. */
function toFamily(family: string): CreditFamily {
  return creditFamilies.find((each) => each === family) ?? "t2";
}
