/** The console in a real browser; guests are SSH servers of the test. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPipeline } from "../../src/api/pipeline.ts";
import { openSignInLinks, type SignInLinks } from "../../src/api/console/sign-in-links.ts";
import { systemClock } from "../../src/base/clock.ts";
import { systemRandom } from "../../src/base/random.ts";
import { buildConsole, planConsoleBuild } from "../../src/cli/console-build.ts";
import { withConsole } from "../../src/cli/serve-console.ts";
import { isBrowserThere, openBrowser, openTerminalOf, screenText, signInWithPassword, type TestPage } from "../installation/browser.ts";
import { allowUser, createUser } from "./identity-steps.ts";
import { launchRunning, openTerminalServer, type TerminalServer } from "./terminal-server.ts";
import { account } from "./test-server.ts";

let server: TerminalServer;
let browser: TestPage;
let links: SignInLinks;
let id: string;

beforeAll(async () => {
  await buildConsole(await planConsoleBuild());
  server = await openTerminalServer();
  id = await launchRunning(server);
  links = openSignInLinks(systemClock, systemRandom);
  const [api] = server.http.listeners("request") as Parameters<typeof withConsole>[0][]; // the test server's only one
  server.http.removeAllListeners("request");
  if (api !== undefined) server.http.on("request", withConsole(api, { ...server.parts, pipeline: openPipeline(server.parts), links }, { dataDirectory: server.folder, runDirectory: server.folder }));
  if (isBrowserThere) browser = await openBrowser();
});
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await server?.[Symbol.asyncDispose]();
});

// The guest tier's packages bring the browser; this one may run without them.
test.skipIf(!isBrowserThere)("Somebody signs in with a password, opens a guest's terminal, types and reads; a flood does not freeze it, and a cut connection comes back; the same with the guest's serial console", async () => {
  const { page } = browser;
  await createUser(server, "ann", { Action: ["ec2:DescribeInstances", "ec2-instance-connect:SendSSHPublicKey"] });
  await server.iam().createLoginProfile({ UserName: "ann", Password: "Correct horse 1" });
  await signInWithPassword(browser, server.url, account, "ann", "wrong");
  await page.getByText("The account, the user name or the password is wrong.").waitFor();
  await signInWithPassword(browser, server.url, account, "ann", "Correct horse 1");

  const guest = { floods: false };
  server.shell = ({ channel, size }) => {
    channel.write("$ ");
    const flood = () => {
      while (guest.floods && channel.write("y\r\n".repeat(4_000)));
    };
    channel.on("drain", flood).on("data", (typed: Buffer) => {
      channel.write(typed.toString().replaceAll("\r", "\r\n"));
      if (typed.toString().endsWith("\r")) channel.write(`${size().columns > 80 ? "wide" : "narrow"} grüße\r\n$ `);
      if (typed.toString() === "f") flood();
    });
  };
  await openTerminalOf(browser, id);
  await page.keyboard.type("hello");
  await page.keyboard.press("Enter");
  await expect.poll(() => screenText(browser)).toMatch(/hello\s+wide grüße/);

  guest.floods = true;
  await page.keyboard.type("f");
  await expect.poll(() => screenText(browser)).toMatch(/(y\s+){10}/);
  expect(await page.evaluate(() => 1 + 1)).toBe(2); // in the page's turn, while it floods
  guest.floods = false;
  await page.keyboard.type("after the flood");
  await expect.poll(() => screenText(browser)).toContain("after the flood");

  server.cutConnections();
  await page.getByText("Connecting again").waitFor();
  await page.getByText(`Connected to ${id}`).waitFor();
  await page.keyboard.type(" and the cut");
  await expect.poll(() => screenText(browser)).toContain("after the flood and the cut");
  await page.getByRole("button", { name: "Close" }).click();
  await expect.poll(() => server.terminals.count, { timeout: 10_000 }).toBe(0);

  await server.ec2().enableSerialConsoleAccess({});
  server.reach = (_target, console) => void console.pipe(console).write("what the guest said of late\r\n");
  await page.getByRole("button", { name: `Serial console of ${id}` }).click();
  await page.getByText("is not authorized to perform: ec2-instance-connect:SendSerialConsoleSSHPublicKey").waitFor();
  await allowUser(server, "ann", { Action: "ec2-instance-connect:*" });
  await page.getByRole("button", { name: "Connect again" }).click();
  await page.getByText(`Connected to the serial console of ${id}`).waitFor();
  await page.keyboard.type("typed");
  await expect.poll(() => screenText(browser)).toMatch(/of late\s+typed/);
  await server.ec2().disableSerialConsoleAccess({});
  await page.getByText("Enable it with EnableSerialConsoleAccess").waitFor();
  expect(browser.complaints.filter((text) => !text.includes("401"))).toEqual([]);
});
