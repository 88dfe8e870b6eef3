/** The console in Debian's Chromium, for as long as a benchmark clicks in it. */
import { existsSync } from "node:fs";
import type { Page } from "playwright-core";

const program = "/usr/bin/chromium";

export const isBrowserThere = existsSync(program);

/** Milliseconds from the click on Connect until the shell's prompt is on the screen, each time with another terminal. */
export async function clickToPrompt(signInLink: string, instance: string, times: number): Promise<readonly number[]> {
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({ executablePath: program, args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
  try {
    const page = await browser.newPage();
    await page.goto(signInLink);
    const taken: number[] = [];
    for (let turn = 0; turn <= times; turn++) taken.push(await clickOnce(page, instance));
    return taken.slice(1); // the first one loads the terminal's own scripts
  } finally {
    await browser.close();
  }
}

/** Runs in the page: the time since the mark. */
function untilPrompt(screen: { readonly textContent: string | null }): Promise<number> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (screen.textContent?.includes("$") !== true) return void setTimeout(look, 5);
      resolve(performance.now() - (performance.getEntriesByName("clicked").at(-1)?.startTime ?? Number.NaN));
    };
    look();
  });
}

/** By the page's own clock, from its own event on. */
async function clickOnce(page: Page, instance: string): Promise<number> {
  const button = page.getByRole("button", { name: `Connect to ${instance}` });
  await button.waitFor();
  await button.evaluate((element) => element.addEventListener("click", () => performance.mark("clicked"), { capture: true, once: true }));
  await button.click();
  const screen = page.locator(".xterm-rows");
  await screen.waitFor({ state: "attached" });
  const taken = await screen.evaluate(untilPrompt);
  await page.getByRole("button", { name: "Close" }).click();
  return taken;
}
