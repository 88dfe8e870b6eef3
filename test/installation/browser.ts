/** A browser without a screen: Debian's Chromium, and the console as somebody uses it. */
import { existsSync } from "node:fs";
import { chromium, type Browser, type Page } from "playwright-core";

const program = "/usr/bin/chromium";
export const isBrowserThere = existsSync(program);

export interface TestPage extends AsyncDisposable {
  readonly page: Page;
  /** What the page or the browser complained about: errors of scripts, and whatever the content policy stopped. */
  readonly complaints: readonly string[];
}

export async function openBrowser(): Promise<TestPage> {
  if (!isBrowserThere) throw new Error("Debian's chromium is not installed");
  // Its own sandbox needs what a test's namespaces do not give it; it shows nothing but our own pages here.
  const browser: Browser = await chromium.launch({ executablePath: program, args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
  const page = await browser.newPage({ viewport: { width: 1_200, height: 800 } });
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  return { page, complaints, [Symbol.asyncDispose]: () => browser.close() };
}

export async function signInWithPassword({ page }: TestPage, url: string, account: string, user: string, password: string): Promise<void> {
  await page.goto(`${url}/`, { waitUntil: "networkidle" });
  await page.getByLabel("Account").fill(account);
  await page.getByLabel("User name").fill(user);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Returns when the shell's terminal is there. */
export async function openTerminalOf({ page }: TestPage, instance: string, timeout = 30_000): Promise<void> {
  await page.getByRole("button", { name: `Connect to ${instance}` }).click({ timeout });
  await page.getByText(`Connected to ${instance}`).waitFor({ timeout });
}

/** Returns when the console's output is there. */
export async function openSerialConsoleOf({ page }: TestPage, instance: string): Promise<void> {
  await page.getByRole("button", { name: `Serial console of ${instance}` }).click();
  await page.getByText(`Connected to the serial console of ${instance}`).waitFor();
}

export async function closeTerminal({ page }: TestPage): Promise<void> {
  await page.getByRole("button", { name: "Close" }).click();
}

/** What the page looks like, for the documents: `UPDATE_PICTURES=1` writes it anew, else nothing happens. */
export async function takePicture({ page }: TestPage, name: string): Promise<void> {
  if (process.env["UPDATE_PICTURES"] !== undefined) await page.screenshot({ path: new URL(`../../docs/images/${name}.png`, import.meta.url).pathname });
}

/** What the terminal shows. */
export function screenText({ page }: TestPage): Promise<string> {
  return page.locator(".xterm-rows").innerText();
}
