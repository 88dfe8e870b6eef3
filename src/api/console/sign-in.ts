/**
 * Signing in: as a user or, without a user's name, as the account's root, with a password and a code where the person has an MFA device; or as the root with a
 * link. Whoever guesses waits longer and longer. Who signed in, and who failed to, is in the account's audit; attempts that had to wait are not.
 */
import type { IncomingMessage } from "node:http";
import { beginSession, findSessionPrincipal } from "../../iam/browser-session.ts";
import { findEntity } from "../../iam/entity.ts";
import type { Principal } from "../../iam/identity.ts";
import { changeLoginProfile, findLoginProfile } from "../../iam/login-profile.ts";
import { findShownCode, listMfaDevices, spendCode } from "../../iam/mfa-device.ts";
import { hashPassword, isPassword, requireGoodPassword } from "../../iam/password.ts";
import { rootPerson, userPerson, type Person } from "../../iam/person.ts";
import type { MfaDeviceRow, PasswordRow } from "../../store/identity-tables.ts";
import type { Tx } from "../../store/store.ts";
import type { AttemptThrottle } from "../attempt-throttle.ts";
import { toDirectFacts } from "../direct-facts.ts";
import type { ServerParts } from "../server.ts";
import { ConsoleError } from "./console-error.ts";
import { ownOrigin } from "./own-page.ts";
import type { SignInLinks } from "./sign-in-links.ts";

export interface SignInParts extends ServerParts {
  readonly links: SignInLinks;
}

export type SignInBody = Readonly<Record<string, unknown>>;

interface Proven {
  readonly person: Person;
  readonly withMfa: boolean;
}

/** The session's token, and who it is. */
export async function signIn(parts: SignInParts, attempts: AttemptThrottle, request: IncomingMessage, body: SignInBody): Promise<{ readonly token: string; readonly principal: Principal }> {
  const { store, clock, random, audit, links } = parts;
  // Nobody guesses a link, and nobody's failures may keep the owner out.
  const proven = typeof body["link"] === "string" ? withLink(links, body["link"]) : await withPassword(parts, attempts, request, body);
  const now = clock.now();
  return store.write(async (tx) => {
    const token = await beginSession(tx, proven.person, proven.withMfa, random, now);
    const principal = await findSessionPrincipal(tx, token, now);
    if (principal === undefined) throw new ConsoleError(401, "SignInFailed", "The user is gone.");
    await audit.write(tx, toEvent(parts, request, { account: principal.account, ...proven, failed: false }));
    return { token, principal };
  });
}

function toEvent({ random, clock }: SignInParts, request: IncomingMessage, signedIn: { readonly account: string; readonly person: Person | undefined; readonly withMfa: boolean; readonly failed: boolean }) {
  const { sourceAddress, userAgent } = toDirectFacts(request, random);
  return { signIn: { ...signedIn, url: `${ownOrigin(request)}/console/` }, sourceAddress, userAgent, now: clock.now() };
}

function withLink(links: SignInLinks, token: string): Proven {
  const account = links.take(token);
  if (account === undefined) throw new ConsoleError(401, "SignInFailed", "The link was used already, or is older than five minutes. Make a new one: ./hostelry console");
  return { person: rootPerson(account), withMfa: false };
}

async function withPassword(parts: SignInParts, attempts: AttemptThrottle, request: IncomingMessage, body: SignInBody): Promise<Proven> {
  const { store, clock, audit } = parts;
  const [account, user] = [String(body["account"]), String(body["user"] ?? "")];
  const subjects = [`from ${request.socket.remoteAddress}`, `as ${account} ${user}`];
  const waitMs = attempts.begin(subjects, clock.now());
  if (waitMs > 0) throw new ConsoleError(429, "TooManyAttempts", `Too many attempts have failed. Try again in ${Math.ceil(waitMs / 1000)} seconds.`);
  const found = await store.read((tx) => findCandidate(tx, account, user));
  try {
    const proven = await prove(parts, found, body);
    attempts.forgive(subjects);
    return proven;
  } catch (thrown) {
    const failed = thrown instanceof ConsoleError && thrown.code === "SignInFailed" && found.accountIsThere;
    if (failed) audit.note(toEvent(parts, request, { account, person: found.person, withMfa: found.devices.length > 0, failed }));
    throw thrown;
  }
}

/** Whom the account and the user's name name, and what there is to prove it by. */
interface Candidate {
  readonly accountIsThere: boolean;
  readonly person: Person | undefined;
  readonly profile: PasswordRow | undefined;
  readonly devices: readonly MfaDeviceRow[];
}

async function findCandidate(tx: Tx, account: string, user: string): Promise<Candidate> {
  const entity = user === "" ? undefined : await findEntity(tx, account, "user", user);
  const person = user === "" ? rootPerson(account) : entity && userPerson(entity);
  const row = await tx.db.selectFrom("accounts").select("id").where("id", "=", account).executeTakeFirst();
  const profile = person && (await findLoginProfile(tx, person));
  return { accountIsThere: (row ?? entity ?? profile) !== undefined, person, profile, devices: person === undefined ? [] : await listMfaDevices(tx, person) };
}

/** The same refusal, after the same time, whether there is no such person, none with a password, or the password is wrong. */
async function prove(parts: SignInParts, { person, profile, devices }: Candidate, body: SignInBody): Promise<Proven> {
  const { store, random } = parts;
  const isRight = await isPassword(String(body["password"]), profile?.hash);
  if (!isRight || person === undefined || profile === undefined) throw new ConsoleError(401, "SignInFailed", "The account, the user name or the password is wrong.");
  const newPassword = profile.reset_required === 1 ? requireNewPassword(body["newPassword"]) : undefined;
  if (devices.length > 0) await takeCode(parts, person, body["code"]);
  if (newPassword !== undefined) {
    const hash = await hashPassword(newPassword, random);
    await store.write((tx) => changeLoginProfile(tx, person, { hash, resetRequired: false }));
  }
  return { person, withMfa: devices.length > 0 };
}

function requireNewPassword(password: unknown): string {
  if (typeof password !== "string") throw new ConsoleError(403, "PasswordChangeRequired", "Choose a new password.");
  requireGoodPassword(password);
  return password;
}

/** Whoever has an MFA device must show one of its codes, which is good for once: the devices are read again with the write. */
async function takeCode({ store, secretKey, clock }: SignInParts, person: Person, code: unknown): Promise<void> {
  if (typeof code !== "string") throw new ConsoleError(403, "CodeRequired", "Enter the code that your MFA device shows.");
  const isTaken = await store.write(async (tx) => {
    const shown = findShownCode(secretKey, await listMfaDevices(tx, person), code, clock.now());
    if (shown !== undefined) await spendCode(tx, shown);
    return shown !== undefined;
  });
  if (!isTaken) throw new ConsoleError(401, "SignInFailed", "The code is wrong, or was used already. Wait for the next one.");
}
