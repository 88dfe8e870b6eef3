import { describe, expect, test } from "vitest";
import { type DecodedInput, decodeInput } from "./decode-input.ts";
import type { HttpRequest } from "./http-message.ts";
import { identifyOperation } from "./identify-operation.ts";
import { WireError } from "./wire-error.ts";

const ec2Version = "Version=2016-11-15";

function request(parts: Partial<Omit<HttpRequest, "body">> & { body?: string | Uint8Array } = {}): HttpRequest {
  const { body = "", headers = {}, ...rest } = parts;
  return { method: "POST", path: "/", query: "", ...rest, headers: { host: "localhost", ...headers }, body: typeof body === "string" ? new TextEncoder().encode(body) : body };
}

async function decode(service: string | undefined, message: HttpRequest): Promise<DecodedInput> {
  return decodeInput(await identifyOperation(message, service), message);
}

const ec2 = (action: string, parameters: string) => decode("ec2", request({ body: `Action=${action}&${ec2Version}&${parameters}` }));
const ssm = (operation: string, body: string | Uint8Array) => decode("ssm", request({ headers: { "x-amz-target": `AmazonSSM.${operation}` }, body }));

/** The code and message of the WireError that the promise is refused with. */
async function refusal(promise: Promise<unknown>): Promise<string> {
  const thrown: unknown = await promise.then((value) => `accepted ${JSON.stringify(value)}`, (error: unknown) => error);
  return thrown instanceof WireError ? `${thrown.code}: ${thrown.message}` : String(thrown);
}

describe("EC2 parameters", () => {
  test("a GET is read like a POST", async () => {
    const query = `Action=DescribeInstances&${ec2Version}&InstanceId.1=i-1&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0`;
    expect(await decode("ec2", request({ method: "GET", query }))).toEqual({ InstanceIds: ["i-1"] });
  });

  test("lists may have gaps, any order and huge numbers", async () => {
    const started = performance.now();
    const input = await ec2("DescribeInstances", "InstanceId.9999999999=c&InstanceId.7=b&InstanceId.2=a&Filter.999999999.Name=n&Filter.999999999.Value.4=v");
    expect(input).toEqual({ InstanceIds: ["a", "b", "c"], Filters: [{ Name: "n", Values: ["v"] }] });
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test("ten thousand filters are read", async () => {
    const filters = Array.from({ length: 10_000 }, (_, index) => `Filter.${index + 1}.Name=n${index}&Filter.${index + 1}.Value.1=v`);
    const { Filters } = await ec2("DescribeInstances", filters.join("&"));
    expect(Array.isArray(Filters) && [Filters.length, Filters[9_999]]).toEqual([10_000, { Name: "n9999", Values: ["v"] }]);
  });

  test("names that every object inherits are unknown names", async () => {
    for (const name of ["__proto__", "constructor", "toString", "Filter.1.__proto__", "__proto__.polluted"]) {
      expect(await refusal(ec2("DescribeInstances", `${name}=x`))).toBe(`UnknownParameter: The parameter ${name.split(".polluted")[0]} is not recognized`);
    }
    expect(await refusal(ec2("DescribeInstances", "Filter.__proto__.Name=x"))).toBe("UnknownParameter: The parameter Filter.__proto__ is not recognized");
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  test("user data stays the text that was sent, and blobs become bytes", async () => {
    expect(await ec2("RunInstances", "MinCount=1&MaxCount=1&UserData=aGk%3D")).toEqual({ MinCount: 1, MaxCount: 1, UserData: "aGk=" });
    expect(await ec2("ModifyInstanceAttribute", "InstanceId=i-1&UserData.Value=aGk%3D")).toEqual({ InstanceId: "i-1", UserData: { Value: new TextEncoder().encode("hi") } });
  });

  test.each<[action: string, parameters: string, refusal: string]>([
    ["StopInstances", "Force=true", "MissingParameter: The request must contain the parameter InstanceId"],
    ["AttachVolume", "InstanceId=i-1&VolumeId=vol-1", "MissingParameter: The request must contain the parameter Device"],
    ["StopInstances", "InstanceId.1=i-1&Colour=red", "UnknownParameter: The parameter Colour is not recognized"],
    ["StopInstances", "instanceId.1=i-1", "UnknownParameter: The parameter instanceId is not recognized"],
    ["StopInstances", "InstanceId=i-1", "UnknownParameter: The parameter InstanceId is not recognized"],
    ["StopInstances", "InstanceId.member.1=i-1", "UnknownParameter: The parameter InstanceId.member is not recognized"],
    ["StopInstances", "InstanceId.01=i-1", "UnknownParameter: The parameter InstanceId.01 is not recognized"],
    ["StopInstances", "InstanceId.1.x=i-1", "UnknownParameter: The parameter InstanceId.1.x is not recognized"],
    ["StopInstances", "InstanceId.1=i-1&Force=yes", "InvalidParameterValue: Value (yes) for parameter Force is invalid. Expected true or false."],
    ["StopInstances", "InstanceId.1=i-1&DryRun=", "InvalidParameterValue: Value () for parameter DryRun is invalid. Expected true or false."],
    ["RunInstances", "MinCount=one&MaxCount=1", "InvalidParameterValue: Value (one) for parameter MinCount is invalid. Expected an integer."],
    ["RunInstances", "MinCount=1.5&MaxCount=1", "InvalidParameterValue: Value (1.5) for parameter MinCount is invalid. Expected an integer."],
    ["RunInstances", "MinCount=0x1&MaxCount=1", "InvalidParameterValue: Value (0x1) for parameter MinCount is invalid. Expected an integer."],
    ["RunInstances", "MinCount=1&MaxCount=9999999999999999999", "InvalidParameterValue: Value (9999999999999999999) for parameter MaxCount is invalid. Expected an integer."],
    ["RunInstances", "MinCount=1&MaxCount=1&InstanceMarketOptions.SpotOptions.ValidUntil=2024-02-30T00:00:00Z", "InvalidParameterValue: Value (2024-02-30T00:00:00Z) for parameter InstanceMarketOptions.SpotOptions.ValidUntil is invalid. Expected a time in ISO 8601 form."],
    ["RunInstances", "MinCount=1&MinCount=2&MaxCount=1", "InvalidQueryParameter: The parameter MinCount is given more than once"],
    ["ImportKeyPair", "KeyName=k&PublicKeyMaterial=%2A%2A%2A", "InvalidParameterValue: Value (***) for parameter PublicKeyMaterial is invalid. Expected base64."],
    ["DescribeInstances", "NextToken=%zz", "MalformedQueryString: The query string contains a syntax error: a percent sign is not followed by the bytes of UTF-8 text"],
    ["DescribeInstances", "NextToken=%ff", "MalformedQueryString: The query string contains a syntax error: a percent sign is not followed by the bytes of UTF-8 text"],
    ["DescribeInstances", `${"a.".repeat(40)}b=1`, `InvalidQueryParameter: The parameter ${"a.".repeat(40)}b is nested too deeply`],
  ])("%s refuses %s", async (action, parameters, expected) => {
    expect(await refusal(ec2(action, parameters))).toBe(expected);
  });

  test("an empty text says nothing, unless it is a value, a description, a device that is left out, or no placement group", async () => {
    const launch = "ImageId=ami-1&MinCount=1&MaxCount=1&Placement.AvailabilityZone=&Placement.GroupName=&SubnetId=&BlockDeviceMapping.1.DeviceName=/dev/sdb&BlockDeviceMapping.1.NoDevice=";
    expect(await ec2("RunInstances", launch)).toEqual({ ImageId: "ami-1", MinCount: 1, MaxCount: 1, Placement: {}, BlockDeviceMappings: [{ DeviceName: "/dev/sdb", NoDevice: "" }] });
    expect(await ec2("CreateTags", "ResourceId.1=i-1&Tag.1.Key=a&Tag.1.Value=")).toEqual({ Resources: ["i-1"], Tags: [{ Key: "a", Value: "" }] });
    expect(await ec2("DescribeVolumes", "NextToken=&VolumeId.1=&Filter.1.Name=tag:a&Filter.1.Value.1=")).toEqual({ VolumeIds: [""], Filters: [{ Name: "tag:a", Values: [""] }] });
    expect(await ec2("ModifyImageAttribute", "ImageId=ami-1&Description.Value=")).toEqual({ ImageId: "ami-1", Description: { Value: "" } });
    expect(await ec2("ModifyInstancePlacement", "InstanceId=i-1&GroupName=&HostId=")).toEqual({ InstanceId: "i-1", GroupName: "" });
    expect(await ec2("AttachVolume", "InstanceId=i-1&VolumeId=vol-1&Device=")).toEqual({ InstanceId: "i-1", VolumeId: "vol-1", Device: "" });
  });

  test("more parameters than anybody sends are refused", async () => {
    expect(await refusal(ec2("DescribeInstances", "a&".repeat(60_000)))).toBe("MalformedQueryString: The request has more than 50000 parameters");
  });

  test("long values are cut in messages", async () => {
    const text = await refusal(ec2("RunInstances", `MinCount=${"9".repeat(100_000)}&MaxCount=1`));
    expect(text.length).toBeLessThan(300);
  });

  test.each<[text: string, value: Date]>([
    ["2024-01-15T10:20:30Z", new Date("2024-01-15T10:20:30Z")],
    ["2024-01-15T10:20:30.123456Z", new Date("2024-01-15T10:20:30.123Z")],
    ["2024-01-15T10:20", new Date("2024-01-15T10:20:00Z")],
    ["2024-01-15", new Date("2024-01-15T00:00:00Z")],
    ["2024-01-15T10:20:30%2B02:00", new Date("2024-01-15T08:20:30Z")],
    ["2024-02-29T00:00:00Z", new Date("2024-02-29T00:00:00Z")],
  ])("the time %s is understood", async (text, value) => {
    expect(await ec2("DescribeInstanceStatus", "")).toEqual({});
    expect(await ec2("DescribeSpotPriceHistory", `StartTime=${text}`)).toEqual({ StartTime: value });
  });
});

describe("which operation", () => {
  test.each<[body: string, refusal: string]>([
    [`Action=FlyInstances&${ec2Version}`, "InvalidAction: The action FlyInstances is not valid for this web service."],
    [`Action=__proto__&${ec2Version}`, "InvalidAction: The action __proto__ is not valid for this web service."],
    [`Action=GetCallerIdentity&${ec2Version}`, "InvalidAction: The action GetCallerIdentity is not valid for this web service."],
    [ec2Version, "MissingAction: The request is missing an action or a required parameter"],
    ["", "MissingAction: The request is missing an action or a required parameter"],
    ["Action=DescribeInstances", "MissingParameter: The request must contain the parameter Version"],
    ["Action=DescribeInstances&Version=2006-01-01", "NoSuchVersion: The version 2006-01-01 is not valid for this web service; use 2016-11-15"],
    [`Action=DescribeInstances&Action=TerminateInstances&${ec2Version}`, "InvalidQueryParameter: The parameter Action is given more than once"],
  ])("EC2 refuses %s", async (body, expected) => {
    expect(await refusal(decode("ec2", request({ body })))).toBe(expected);
  });

  test("STS and IAM say it in their own words", async () => {
    expect(await refusal(decode("sts", request({ body: "Action=Nope&Version=2011-06-15" })))).toBe("InvalidAction: Could not find operation Nope for version 2011-06-15");
    expect(await refusal(decode("iam", request({ body: "Action=ListUsers" })))).toBe("InvalidAction: Could not find operation ListUsers for version NO_VERSION_SPECIFIED");
  });

  test("JSON services refuse unknown targets and targets of other services", async () => {
    const botocore = request({ headers: { "x-amz-target": "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents" }, body: '{"MaxResults":3}' });
    expect(await decode("cloudtrail", botocore)).toEqual({ MaxResults: 3 }); // with a name space, as the AWS command line writes it
    expect(await refusal(ssm("Nope", "{}"))).toBe("UnknownOperationException: The operation AmazonSSM.Nope is not known to this service");
    const foreign = request({ headers: { "x-amz-target": "AWSEC2InstanceConnectService.SendSSHPublicKey" }, body: "{}" });
    expect(await refusal(decode("ssm", foreign))).toMatch(/^UnknownOperationException: /);
    expect(await refusal(decode("ssm", request()))).toMatch(/^UnknownOperationException: /);
  });

  test("REST services refuse unknown paths", async () => {
    for (const [method, path] of [["DELETE", "/snapshots"], ["GET", "/snapshots/s/blocks/1/2"], ["GET", "/snapshots//blocks"], ["GET", "/snapshots/%ff/blocks"]] as const) {
      expect(await refusal(decode("ebs", request({ method, path })))).toMatch(/^UnknownOperationException: /);
    }
  });

  test("a service that is not served is refused", async () => {
    expect(await refusal(decode("s3", request()))).toBe("UnsupportedOperation: The service s3 is not served here");
    expect(await refusal(decode("__proto__", request()))).toBe("UnsupportedOperation: The service __proto__ is not served here");
  });

  test("an unsigned request is asked itself", async () => {
    const named = async (message: HttpRequest) => {
      const { service, name } = await identifyOperation(message, undefined);
      return `${service.id} ${name}`;
    };
    expect(await named(request({ body: "Action=AssumeRoleWithWebIdentity&Version=2011-06-15" }))).toBe("sts AssumeRoleWithWebIdentity");
    expect(await named(request({ body: `Action=RunInstances&${ec2Version}` }))).toBe("ec2 RunInstances");
    expect(await named(request({ headers: { "x-amz-target": "AWSEC2InstanceConnectService.SendSSHPublicKey" } }))).toBe("ec2-instance-connect SendSSHPublicKey");
    expect(await named(request({ method: "GET", path: "/snapshots/snap-1/blocks" }))).toBe("ebs ListSnapshotBlocks");
  });
});

describe("STS and IAM parameters", () => {
  const sts = (parameters: string) => decode("sts", request({ body: `Action=AssumeRole&Version=2011-06-15&${parameters}` }));

  test("unknown parameters are ignored, absent ones collected", async () => {
    expect(await sts("RoleArn=a&RoleSessionName=b&Colour=red")).toEqual({ RoleArn: "a", RoleSessionName: "b" });
    expect(await refusal(sts("DurationSeconds=900"))).toBe(
      "ValidationError: 2 validation errors detected: Value null at 'roleArn' failed to satisfy constraint: Member must not be null; Value null at 'roleSessionName' failed to satisfy constraint: Member must not be null",
    );
  });

  test("an empty list is an empty list, a bad number is refused", async () => {
    expect(await sts("RoleArn=a&RoleSessionName=b&Tags=")).toEqual({ RoleArn: "a", RoleSessionName: "b", Tags: [] });
    expect(await refusal(sts("RoleArn=a&RoleSessionName=b&DurationSeconds=long"))).toMatch(/^MalformedInput: .*DurationSeconds/);
  });
});

describe("JSON inputs", () => {
  test("unknown members are dropped and inherited names are only keys of maps", async () => {
    const input = await ssm("SendCommand", '{"DocumentName":"d","Nope":1,"__proto__":{"polluted":true},"Parameters":{"__proto__":["a"],"constructor":["b"]}}');
    expect(Object.keys(input)).toEqual(["DocumentName", "Parameters"]);
    expect(Object.entries(input["Parameters"] ?? {})).toEqual([["__proto__", ["a"]], ["constructor", ["b"]]]);
    expect("polluted" in {}).toBe(false);
  });

  test.each<[body: string, refusal: RegExp]>([
    ["{", /^SerializationException: The body of the request is not JSON/],
    ["[]", /^SerializationException: LIST_VALUE can not be converted to a structure at the request$/],
    ["null", /^SerializationException: NULL_VALUE /],
    ['{"DocumentName":5}', /^SerializationException: NUMBER_VALUE can not be converted to a String at 'DocumentName'$/],
    ['{"DocumentName":"d","TimeoutSeconds":"60"}', /^SerializationException: STRING_VALUE can not be converted to an Integer at 'TimeoutSeconds'$/],
    ['{"DocumentName":"d","TimeoutSeconds":1.5}', /^SerializationException: NUMBER_VALUE /],
    ['{"DocumentName":"d","InstanceIds":{}}', /^SerializationException: STRUCTURE_VALUE can not be converted to a list at 'InstanceIds'$/],
    ['{"DocumentName":"d","Parameters":{"a":[true]}}', /^SerializationException: TRUE_VALUE can not be converted to a String/],
    ["{}", /^ValidationException: 1 validation error detected: Value null at 'documentName' failed to satisfy constraint: Member must not be null$/],
  ])("SendCommand refuses %s", async (body, expected) => {
    expect(await refusal(ssm("SendCommand", body))).toMatch(expected);
  });

  test("nesting without end is refused", async () => {
    const aggregators = (depth: number) => '{"Aggregators":['.repeat(depth) + "{}" + "]}".repeat(depth);
    expect(await refusal(ssm("GetInventory", aggregators(100)))).toMatch(/^SerializationException: The input is nested too deeply/);
    expect(await refusal(ssm("GetInventory", aggregators(200_000)))).toMatch(/^SerializationException: /);
  });

  test("a body that is not UTF-8 is refused", async () => {
    expect(await refusal(ssm("SendCommand", new Uint8Array([0x22, 0xff, 0x22])))).toMatch(/^SerializationException: /);
  });
});

describe("REST inputs", () => {
  const list = (query: string) => decode("ebs", request({ method: "GET", path: "/snapshots/snap-1/blocks", query }));

  test("a missing header and a bad number are refused by name", async () => {
    const put = decode("ebs", request({ method: "PUT", path: "/snapshots/snap-1/blocks/0", body: "x" }));
    expect(await refusal(put)).toMatch(/^ValidationException: 3 validation errors detected: Value null at 'dataLength'/);
    expect(await refusal(list("maxResults=many"))).toBe("ValidationException: Value 'many' for 'MaxResults' is invalid: expected an integer");
    expect(await refusal(list("maxResults=1&maxResults=2"))).toBe("ValidationException: The parameter maxResults is given more than once");
    expect(await refusal(decode("ebs", request({ method: "GET", path: "/snapshots/s/blocks/x", query: "blockToken=t" })))).toMatch(/^ValidationException: Value 'x' for 'BlockIndex'/);
  });

  test("a malformed body is refused", async () => {
    expect(await refusal(decode("ebs", request({ path: "/snapshots", body: "{" })))).toMatch(/^SerializationException/);
    expect(await refusal(decode("ebs", request({ path: "/snapshots", body: "{}" })))).toMatch(/^ValidationException: .*'volumeSize'/);
  });
});
