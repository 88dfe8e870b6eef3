import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { quoteForShell, renderEnvironment } from "./env.ts";

const profile = { url: "http://127.0.0.1:8773", region: "us-east-1", accessKeyId: "AKIAEXAMPLE", secretAccessKey: "a/b+c'$(d) \"e", account: "123456789012", serialConsolePort: 40022 };

test("`env` sets what clients read and takes away what would win over it", () => {
  const script = `export AWS_PROFILE=real AWS_SESSION_TOKEN=real\n${renderEnvironment(profile, "/data/with space/clients", { HOSTELRY_SERIAL_CONSOLE_PORT: "40022" })}env`;
  const lines = execFileSync("sh", ["-c", script], { env: {}, encoding: "utf8" }).split("\n");
  expect(lines.filter((line) => /^(AWS|HOSTELRY)_/.test(line)).toSorted()).toEqual([
    "AWS_ACCESS_KEY_ID=AKIAEXAMPLE",
    "AWS_DATA_PATH=/data/with space/clients",
    "AWS_DEFAULT_REGION=us-east-1",
    "AWS_ENDPOINT_URL=http://127.0.0.1:8773",
    "AWS_REGION=us-east-1",
    "AWS_SECRET_ACCESS_KEY=a/b+c'$(d) \"e",
    "AWS_STS_REGIONAL_ENDPOINTS=regional",
    "HOSTELRY_SERIAL_CONSOLE_PORT=40022",
  ]);
});

test.each(["plain-1/2+3=", "", "it's", "$HOME `x` \\ \n"])("a text survives the shell: %j", (text) => {
  expect(execFileSync("sh", ["-c", `printf %s ${quoteForShell(text)}`], { encoding: "utf8" })).toBe(text);
});
