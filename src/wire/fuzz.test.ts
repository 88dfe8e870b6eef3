import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import { decodeInput } from "./decode-input.ts";
import { encodeError } from "./encode-error.ts";
import type { HttpRequest } from "./http-message.ts";
import { identifyOperation, protocolOf } from "./identify-operation.ts";
import { signRequest, verifySignature } from "./signature.ts";
import { WireError } from "./wire-error.ts";

const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };
const nowMs = Date.UTC(2026, 0, 1);
const rounds = 5_000;

type Draw = (below: number) => number;

/** A small generator with a seed (mulberry32), so that a failure can be seen again. */
function seeded(seed: number): Draw {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

interface Seed {
  readonly service: string;
  readonly request: HttpRequest;
}

function seedRequest(service: string, parts: { method?: string; path?: string; query?: string; headers?: Record<string, string>; body?: string }): Seed {
  const { method = "POST", path = "/", query = "", headers = {}, body = "" } = parts;
  const request = { method, path, query, headers: { host: "localhost", ...headers }, body: new TextEncoder().encode(body) };
  return { service, request: signRequest(request, credentials, { region: "us-east-1", service, nowMs }) };
}

const seeds: readonly Seed[] = [
  seedRequest("ec2", {
    body: "Action=RunInstances&Version=2016-11-15&MinCount=1&MaxCount=2&BlockDeviceMapping.1.Ebs.VolumeSize=8&TagSpecification.1.Tag.1.Key=a%26&InstanceMarketOptions.SpotOptions.ValidUntil=2024-01-01T00:00:00Z",
  }),
  seedRequest("ec2", { method: "GET", query: "Action=DescribeInstances&Version=2016-11-15&Filter.1.Name=tag%3Aa&Filter.1.Value.1=b*&MaxResults=5" }),
  seedRequest("iam", { body: "Action=CreateRole&Version=2010-05-08&RoleName=r&AssumeRolePolicyDocument=%7B%7D&Tags.member.1.Key=a&Tags.member.1.Value=b" }),
  seedRequest("ssm", { headers: { "x-amz-target": "AmazonSSM.SendCommand" }, body: '{"DocumentName":"d","Parameters":{"commands":["a","b"]},"TimeoutSeconds":60,"Targets":[{"Key":"k","Values":["v"]}]}' }),
  seedRequest("ebs", { method: "PUT", path: "/snapshots/snap-1/blocks/7", headers: { "x-amz-data-length": "3", "x-amz-checksum": "a=", "x-amz-checksum-algorithm": "SHA256" }, body: "abc" }),
  seedRequest("ebs", { method: "GET", path: "/snapshots/snap-1/blocks", query: "pageToken=a%2B&maxResults=100" }),
];

const pieces = ["%", "%00", "%ff", "&", "=", "..", ".", ".1", ".999999999999", "__proto__", "constructor", "[", "{", "}", '"', "null", "-1", "1e999", "\u0000", "\ud800", "é", "/", ";", ",", "+", " ", "\n", "Action=", "X-Amz-Signature="];

function mutateText(text: string, draw: Draw): string {
  const start = draw(text.length + 1);
  const end = start + draw(6);
  switch (draw(4)) {
    case 0:
      return text.slice(0, start) + text.slice(end);
    case 1:
      return text.slice(0, start) + (pieces[draw(pieces.length)] ?? "") + text.slice(start);
    case 2:
      return text.slice(0, start) + String.fromCharCode(draw(0x180)) + text.slice(start + 1);
    default:
      return text.slice(0, end) + text.slice(start);
  }
}

function mutateBytes(bytes: Uint8Array, draw: Draw): Uint8Array {
  const mutated = new TextEncoder().encode(mutateText(new TextDecoder().decode(bytes), draw));
  if (mutated.length > 0 && draw(3) === 0) mutated[draw(mutated.length)] = draw(256);
  return mutated;
}

function mutate(request: HttpRequest, draw: Draw): HttpRequest {
  switch (draw(6)) {
    case 0:
      return { ...request, path: mutateText(request.path, draw) };
    case 1:
      return { ...request, query: mutateText(request.query, draw) };
    case 2: {
      const names = Object.keys(request.headers);
      const name = names[draw(names.length)] ?? "host";
      return { ...request, headers: { ...request.headers, [name]: mutateText(request.headers[name] ?? "", draw) } };
    }
    case 3:
      return { ...request, method: ["GET", "POST", "PUT", "DELETE", ""][draw(5)] ?? "" };
    default:
      return { ...request, body: mutateBytes(request.body, draw) };
  }
}

/** What became of a request: what was thrown, or nothing. */
async function outcome(work: () => unknown): Promise<unknown> {
  try {
    await work();
    return undefined;
  } catch (thrown) {
    return thrown;
  }
}

/** The code of the answer that the request gets; anything but a WireError is a defect. */
function answerTo(request: HttpRequest, service: string, thrown: unknown): string {
  if (thrown === undefined) return "accepted";
  if (!(thrown instanceof WireError)) throw new Error(`broke on ${JSON.stringify(request)}`, { cause: thrown });
  const { code, message, status, fault } = thrown;
  const answer = encodeError(protocolOf(request, service), { code, message, status, fault, requestId: "r" });
  if (answer.status < 400) throw new Error(`answered ${answer.status} to ${JSON.stringify(request)}`);
  return code;
}

test(`${rounds} broken requests are each answered or refused, and none that is accepted means something else`, async () => {
  const draw = seeded(20_260_101);
  const answers = new Map<string, number>();
  const source = { findSecret: () => credentials.secretAccessKey, now: () => nowMs };
  const decode = async (request: HttpRequest, service: string | undefined) => {
    const operation = await identifyOperation(request, service);
    return [operation.name, decodeInput(operation, request)];
  };
  for (let round = 0; round < rounds; round += 1) {
    const { service, request } = seeds[round % seeds.length] ?? seeds[0]!; // there are seeds
    let broken = request;
    for (let changes = 1 + draw(3); changes > 0; changes -= 1) broken = mutate(broken, draw);
    const verified = await outcome(() => verifySignature(broken, source));
    const decoded = await outcome(() => decode(broken, service));
    const guessed = await outcome(() => decode(broken, undefined));
    for (const thrown of [verified, decoded, guessed]) {
      const answer = answerTo(broken, service, thrown);
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    }
    const isAccepted = verified === undefined && decoded === undefined;
    if (isAccepted && !isDeepStrictEqual(await decode(broken, service), await decode(request, service))) {
      throw new Error(`the signature of another request was accepted for ${JSON.stringify(broken)}`);
    }
  }
  expect(answers.size).toBeGreaterThan(10);
  expect(answers.get("accepted")).toBeGreaterThan(100);
  expect(Object.keys(Object.prototype)).toEqual([]);
});
