import { hash } from "node:crypto";
import { Sha256 } from "@smithy/core/checksum";
import { SignatureV4 } from "@smithy/signature-v4";
import { describe, expect, test } from "vitest";
import { parseCredentialScope } from "./credential-scope.ts";
import type { HttpRequest } from "./http-message.ts";
import { type SigningTarget, signRequest, type VerificationSource, type VerifiedSignature, verifySignature } from "./signature.ts";
import { createSigningKeys } from "./signing-key.ts";
import { WireError } from "./wire-error.ts";

const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
const nowMs = Date.UTC(2015, 7, 30, 12, 36, 0);
const minuteMs = 60_000;
const scope = { accessKeyId: "AKIDEXAMPLE", date: "20150830", region: "us-east-1" };

function request(parts: Partial<Omit<HttpRequest, "body">> & { body?: string } = {}): HttpRequest {
  const { body = "", headers = {}, ...rest } = parts;
  return { method: "GET", path: "/", query: "", ...rest, headers: { host: "example.amazonaws.com", ...headers }, body: new TextEncoder().encode(body) };
}

function sign(message: HttpRequest, target: Partial<SigningTarget> = {}): HttpRequest {
  return signRequest(message, credentials, { region: "us-east-1", service: "ec2", nowMs, ...target });
}

function verify(message: HttpRequest, atMs = nowMs, source: Partial<VerificationSource> = {}): Promise<VerifiedSignature> {
  const findSecret = (id: string) => (id === credentials.accessKeyId ? credentials.secretAccessKey : undefined);
  return verifySignature(message, { findSecret, now: () => atMs, ...source });
}

/** What is known of a request that was verified, besides its service. */
const verifiedOf = ({ body }: Pick<HttpRequest, "body">) => ({ ...scope, bodySha256: hash("sha256", body) });

/** The status and code that the promise is refused with. */
async function refusal(promise: Promise<unknown>): Promise<string> {
  const thrown: unknown = await promise.then((value) => `accepted ${JSON.stringify(value)}`, (error: unknown) => error);
  return thrown instanceof WireError ? `${thrown.status} ${thrown.code}` : String(thrown);
}

/** The published test suite of Signature Version 4: the request, the headers that it signs, and the signature. */
const published: readonly (readonly [name: string, message: HttpRequest, signedHeaders: string, signature: string])[] = [
  ["get-vanilla", request(), "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"],
  ["post-vanilla", request({ method: "POST" }), "host;x-amz-date", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"],
  ["get-vanilla-query-order-key-case", request({ query: "Param2=value2&Param1=value1" }), "host;x-amz-date", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"],
  ["get-vanilla-utf8-query", request({ query: "%E1%88%B4=bar" }), "host;x-amz-date", "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"],
  ["get-relative", request({ path: "/example/.." }), "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"],
  ["get-slashes", request({ path: "//" }), "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"],
  ["get-header-value-trim", request({ headers: { "my-header1": " value1", "my-header2": ' "a   b   c"' } }), "host;my-header1;my-header2;x-amz-date", "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"],
  [
    "post-x-www-form-urlencoded",
    request({ method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: "Param1=value1" }),
    "content-type;host;x-amz-date",
    "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
  ],
];

describe("the published vectors", () => {
  test.each(published)("%s is accepted", async (_name, message, signedHeaders, signature) => {
    const authorization = `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=${signedHeaders}, Signature=${signature}`;
    const headers = { ...message.headers, "x-amz-date": "20150830T123600Z", authorization };
    expect(await verify({ ...message, headers })).toEqual({ ...verifiedOf(message), service: "service" });
  });

  test("the guide's IAM example is made as published", () => {
    const message = request({
      query: "Action=ListUsers&Version=2010-05-08",
      headers: { host: "iam.amazonaws.com", "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
    });
    expect(sign(message, { service: "iam" }).headers["authorization"]).toBe(
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
    );
  });
});

const action = request({ method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: "Action=StopInstances&Version=2016-11-15&InstanceId.1=i-1" });
const mismatch = "401 AuthFailure";

describe("a signed request", () => {
  test("is accepted, with and without remembered keys", async () => {
    const signingKeys = createSigningKeys(2);
    for (const source of [{}, { signingKeys }, { signingKeys }]) {
      expect(await verify(sign(action), nowMs, source)).toEqual({ ...verifiedOf(action), service: "ec2" });
    }
  });

  test("carries its session token to the finder of secrets", async () => {
    const asked: unknown[] = [];
    const signed = signRequest(action, { ...credentials, sessionToken: "tok+/=" }, { region: "us-east-1", service: "ec2", nowMs });
    const findSecret = (...question: unknown[]) => (asked.push(question), credentials.secretAccessKey);
    expect(await verify(signed, nowMs, { findSecret })).toEqual({ ...verifiedOf(action), service: "ec2", sessionToken: "tok+/=" });
    expect(asked).toEqual([["AKIDEXAMPLE", "tok+/="]]);
  });

  const signed = sign({ ...action, query: "a=1&b=2", path: "/x/y" });
  test.each<[what: string, message: HttpRequest]>([
    ["body", { ...signed, body: new TextEncoder().encode("Action=TerminateInstances&Version=2016-11-15&InstanceId.1=i-1") }],
    ["query", { ...signed, query: "a=1&b=3" }],
    ["query by one parameter more", { ...signed, query: "a=1&b=2&c=" }],
    ["path", { ...signed, path: "/x/z" }],
    ["method", { ...signed, method: "PUT" }],
    ["signed header", { ...signed, headers: { ...signed.headers, "content-type": "text/plain" } }],
    ["host", { ...signed, headers: { ...signed.headers, host: "elsewhere" } }],
    ["x-amz header that was not signed", { ...signed, headers: { ...signed.headers, "x-amz-target": "AmazonSSM.SendCommand" } }],
    ["session token", { ...signed, headers: { ...signed.headers, "x-amz-security-token": "t" } }],
    ["claimed body hash", { ...signed, headers: { ...signed.headers, "x-amz-content-sha256": "UNSIGNED-PAYLOAD" } }],
    ["region", changeAuthorization(signed, "us-east-1", "us-west-2")],
    ["service", changeAuthorization(signed, "/ec2/", "/ec3/")],
    ["signature", changeAuthorization(signed, /Signature=./, "Signature=f")],
  ])("is refused with another %s", async (_what, message) => {
    expect(await refusal(verify(message))).toBe(mismatch);
  });

  test("is refused when a header that it names is gone", async () => {
    const { "content-type": _gone, ...headers } = signed.headers;
    expect(await refusal(verify({ ...signed, headers }))).toBe(mismatch);
  });

  test("is accepted with its query in another order or writing, and not with another meaning", async () => {
    const odd = sign(request({ query: "name=a%20b&other=%7E&x" }));
    expect(await verify({ ...odd, query: "x=&other=~&name=a+b" })).toEqual({ ...verifiedOf(odd), service: "ec2" });
    expect(await refusal(verify({ ...odd, query: "x=&other=~&name=a%2Bb" }))).toBe(mismatch);
  });

  test("is refused fifteen minutes later and fifteen minutes before", async () => {
    expect(await verify(sign(action), nowMs + 15 * minuteMs)).toBeDefined();
    expect(await verify(sign(action), nowMs - 15 * minuteMs)).toBeDefined();
    expect(await refusal(verify(sign(action), nowMs + 15 * minuteMs + 1))).toBe("400 RequestExpired");
    expect(await refusal(verify(sign(action), nowMs - 15 * minuteMs - 1))).toBe("400 RequestExpired");
  });

  test("is refused when its scope is of another day", async () => {
    expect(await refusal(verify(changeAuthorization(sign(action), "20150830", "20150829")))).toBe(mismatch);
  });

  test("may leave the body of an EBS request unsigned, and of no other", async () => {
    const unsigned = { ...action, headers: { ...action.headers, "x-amz-content-sha256": "UNSIGNED-PAYLOAD" } };
    expect(await verify(sign(unsigned, { service: "ebs" }))).toEqual({ ...scope, service: "ebs" });
    expect(await refusal(verify(sign(unsigned)))).toBe(mismatch);
  });
});

function changeAuthorization(message: HttpRequest, from: string | RegExp, to: string): HttpRequest {
  return { ...message, headers: { ...message.headers, authorization: (message.headers["authorization"] ?? "").replace(from, to) } };
}

test.each<[service: string, unknownKey: string, badSignature: string, expired: string]>([
  ["ec2", "401 AuthFailure", "401 AuthFailure", "400 RequestExpired"],
  ["sts", "403 InvalidClientTokenId", "403 SignatureDoesNotMatch", "403 SignatureDoesNotMatch"],
  ["iam", "403 InvalidClientTokenId", "403 SignatureDoesNotMatch", "403 SignatureDoesNotMatch"],
  ["ssm", "400 UnrecognizedClientException", "400 InvalidSignatureException", "400 InvalidSignatureException"],
  ["ebs", "403 UnrecognizedClientException", "403 InvalidSignatureException", "403 InvalidSignatureException"],
])("%s refuses in its own words", async (service, unknownKey, badSignature, expired) => {
  const signed = sign(action, { service });
  expect(await refusal(verify(signed, nowMs, { findSecret: () => undefined }))).toBe(unknownKey);
  expect(await refusal(verify(signed, nowMs, { findSecret: () => "another" }))).toBe(badSignature);
  expect(await refusal(verify(signed, nowMs + 60 * minuteMs))).toBe(expired);
});

test("an unsigned request is refused in the words of the service that it seems to be for", async () => {
  expect(await refusal(verify(action))).toBe("403 MissingAuthenticationToken");
  expect(await refusal(verify(request({ headers: { "x-amz-target": "AmazonSSM.SendCommand" } })))).toBe("400 MissingAuthenticationTokenException");
  expect(await refusal(verify(request({ path: "/snapshots" })))).toBe("403 MissingAuthenticationTokenException");
  expect(parseCredentialScope(action)).toBeUndefined();
});

const full = sign(action).headers["authorization"] ?? "";
test.each<[what: string, authorization: string]>([
  ["another scheme", "Bearer abc"],
  ["another algorithm", full.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")],
  ["no credential", full.replace("Credential=", "Credentials=")],
  ["a short credential", full.replace("/aws4_request", "")],
  ["another terminator", full.replace("aws4_request", "aws4_respond")],
  ["a long credential", full.replace("aws4_request", "aws4_request/x")],
  ["an empty part", full.replace("us-east-1", "")],
  ["a date that is none", full.replace("20150830", "2015083x")],
  ["no signed headers", full.replace(/SignedHeaders=[^,]*,/, "")],
  ["no signature", full.replace(/, Signature=.*/, "")],
  ["a short signature", full.slice(0, -1)],
  ["a signature of capitals", full.replace(/[0-9a-f]+$/, (digits) => digits.toUpperCase().padEnd(64, "A"))],
  ["the signature twice", `${full}, Signature=${"0".repeat(64)}`],
  ["nothing", ""],
])("an Authorization header with %s is incomplete", async (_what, authorization) => {
  expect(await refusal(verify(sign(action)))).toMatch(/^accepted/);
  expect(await refusal(verify({ ...sign(action), headers: { ...sign(action).headers, authorization } }))).toBe("400 IncompleteSignature");
});

test("the Date header stands in for X-Amz-Date, and one of them must be there", async () => {
  const { "x-amz-date": _date, ...headers } = sign(action).headers;
  expect(await refusal(verify({ ...action, headers }))).toBe("400 IncompleteSignature");
  expect(await refusal(verify({ ...action, headers: { ...headers, date: "yesterday" } }))).toBe("400 IncompleteSignature");
  // It is another request without the signed x-amz-date, so all that can be seen here is that the date was read.
  expect(await refusal(verify({ ...action, headers: { ...headers, date: "Sun, 30 Aug 2015 12:36:00 GMT" } }))).toBe(mismatch);
});

describe("a request presigned by the SDK", () => {
  const signer = (service: string, sessionToken?: string) =>
    new SignatureV4({ credentials: { ...credentials, ...(sessionToken === undefined ? {} : { sessionToken }) }, region: "us-east-1", service, sha256: Sha256 });

  async function presign(service = "sts", expiresIn = 900, sessionToken?: string): Promise<HttpRequest> {
    const query = { Action: "GetCallerIdentity", Version: "2011-06-15", Odd: "a b+c/é" };
    const signed = await signer(service, sessionToken).presign(
      { method: "GET", protocol: "https:", hostname: "sts.us-east-1.amazonaws.com", path: "/", headers: { host: "sts.us-east-1.amazonaws.com", "x-k8s-aws-id": "cluster" }, query },
      { signingDate: new Date(nowMs), expiresIn, unhoistableHeaders: new Set(["x-k8s-aws-id"]) },
    );
    const text = Object.entries(signed.query ?? {}).map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`);
    return { method: "GET", path: "/", query: text.join("&"), headers: { host: "sts.us-east-1.amazonaws.com", "x-k8s-aws-id": "cluster" }, body: new Uint8Array() };
  }

  test("is accepted for as long as it says", async () => {
    const verified = { ...verifiedOf(request()), service: "sts" };
    expect(await verify(await presign())).toEqual(verified);
    expect(await verify(await presign("sts", 7200), nowMs + 119 * minuteMs)).toEqual(verified);
    expect(await refusal(verify(await presign("sts", 60), nowMs + 61_000))).toBe("403 SignatureDoesNotMatch");
    expect(await refusal(verify(await presign("ec2", 60), nowMs + 61_000))).toBe("400 RequestExpired");
    expect(await refusal(verify(await presign("ec2", 60), nowMs - 16 * minuteMs))).toBe("400 RequestExpired");
  });

  test("carries its session token", async () => {
    expect(await verify(await presign("sts", 900, "tok+/="))).toEqual({ ...verifiedOf(request()), service: "sts", sessionToken: "tok+/=" });
  });

  test.each<[what: string, change: (message: HttpRequest) => HttpRequest]>([
    ["action", (message) => ({ ...message, query: message.query.replace("GetCallerIdentity", "GetSessionToken") })],
    ["parameter more", (message) => ({ ...message, query: `${message.query}&DurationSeconds=900` })],
    ["expiry", (message) => ({ ...message, query: message.query.replace("X-Amz-Expires=900", "X-Amz-Expires=9000") })],
    ["signed header", (message) => ({ ...message, headers: { ...message.headers, "x-k8s-aws-id": "other" } })],
    ["body", (message) => ({ ...message, body: new TextEncoder().encode("Action=GetSessionToken") })],
    ["unsigned body", (message) => ({ ...message, body: new Uint8Array([65]), query: `${message.query}&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD` })],
    ["x-amz header", (message) => ({ ...message, headers: { ...message.headers, "x-amz-target": "x" } })],
  ])("is refused with another %s", async (_what, change) => {
    expect(await refusal(verify(change(await presign())))).toBe("403 SignatureDoesNotMatch");
  });

  test.each<[what: string, from: RegExp, to: string]>([
    ["no expiry", /X-Amz-Expires=900/, ""],
    ["an expiry of nothing", /X-Amz-Expires=900/, "X-Amz-Expires=0"],
    ["an expiry of more than a week", /X-Amz-Expires=900/, "X-Amz-Expires=604801"],
    ["an expiry that is no number", /X-Amz-Expires=900/, "X-Amz-Expires=1e3"],
    ["a date that is none", /X-Amz-Date=[^&]*/, "X-Amz-Date=now"],
    ["no signature", /&X-Amz-Signature=[^&]*/, ""],
    ["two signatures", /(X-Amz-Signature=[^&]*)/, "$1&$1"],
    ["no algorithm", /X-Amz-Algorithm=[^&]*/, ""],
  ])("with %s is incomplete", async (_what, from, to) => {
    const message = await presign();
    expect(await refusal(verify({ ...message, query: message.query.replace(from, to) }))).toBe("400 IncompleteSignature");
  });
});

test("remembered keys are bounded, and never those of another secret", () => {
  const keys = createSigningKeys(2);
  const at = (date: string) => ({ ...scope, service: "ec2", date });
  const first = keys.derive("secret", at("20150830"));
  expect(keys.derive("secret", at("20150830"))).toBe(first);
  expect(keys.derive("other", at("20150830")).export()).not.toEqual(first.export());
  keys.derive("secret", at("20150831"));
  keys.derive("secret", at("20150901"));
  const again = keys.derive("secret", at("20150830"));
  expect([again === first, again.equals(first)]).toEqual([false, true]);
});
