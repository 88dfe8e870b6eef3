import { expect, test } from "vitest";
import { encodeError } from "./encode-error.ts";
import { encodeOutput as encodeBytes } from "./encode-output.ts";
import { markLasting } from "./lasting.ts";
import type { Protocol, ServiceId } from "./service-facts.ts";
import { findOperation, loadService, type Operation } from "./services.ts";

const requestId = "8a4a1b5c-6f1e-4b8e-9a44-0f1d3a5b7c9e";

/** The response, its body as text. */
function encodeOutput(of: Operation, output: object): { body: string } {
  const response = encodeBytes(of, output, requestId);
  return { ...response, body: Buffer.from(response.body).toString() };
}

async function operation(service: ServiceId, name: string): Promise<Operation> {
  const found = findOperation(await loadService(service), name);
  if (found === undefined) throw new Error(`${service} has no ${name}`);
  return found;
}

test("DescribeInstances is written as EC2 writes it", async () => {
  const output = {
    Reservations: [
      {
        ReservationId: "r-0123456789abcdef0",
        OwnerId: "123456789012",
        Groups: [],
        Instances: [
          {
            InstanceId: "i-0123456789abcdef0",
            State: { Code: 16, Name: "running" },
            LaunchTime: new Date("2024-01-15T10:20:30Z"),
            EbsOptimized: false,
            KeyName: undefined,
            Placement: {},
            BlockDeviceMappings: [{ DeviceName: "/dev/xvda", Ebs: { VolumeId: "vol-1", AttachTime: new Date("2024-01-15T10:20:30.123Z") } }],
            Tags: [{ Key: "a<b>&\"c\"'d'", Value: "\r\n\t\u0000\u001f\ud800é😀\uffff" }],
          },
        ],
      },
    ],
  };
  expect(encodeOutput(await operation("ec2", "DescribeInstances"), output)).toMatchInlineSnapshot(`
    {
      "body": "<?xml version="1.0" encoding="UTF-8"?><DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>8a4a1b5c-6f1e-4b8e-9a44-0f1d3a5b7c9e</requestId><reservationSet><item><reservationId>r-0123456789abcdef0</reservationId><ownerId>123456789012</ownerId><groupSet/><instancesSet><item><blockDeviceMapping><item><deviceName>/dev/xvda</deviceName><ebs><attachTime>2024-01-15T10:20:30.123Z</attachTime><volumeId>vol-1</volumeId></ebs></item></blockDeviceMapping><ebsOptimized>false</ebsOptimized><tagSet><item><key>a&lt;b&gt;&amp;&quot;c&quot;'d'</key><value>&#xD;
    	���é😀�</value></item></tagSet><instanceId>i-0123456789abcdef0</instanceId><instanceState><code>16</code><name>running</name></instanceState><launchTime>2024-01-15T10:20:30.000Z</launchTime><placement/></item></instancesSet></item></reservationSet></DescribeInstancesResponse>",
      "headers": {
        "content-type": "text/xml;charset=UTF-8",
        "x-amzn-requestid": "8a4a1b5c-6f1e-4b8e-9a44-0f1d3a5b7c9e",
      },
      "status": 200,
    }
  `);
});

test("an empty list is an empty element, and an absent one none", async () => {
  const describeInstances = await operation("ec2", "DescribeInstances");
  expect(encodeOutput(describeInstances, { Reservations: [] }).body).toMatchInlineSnapshot(`"<?xml version="1.0" encoding="UTF-8"?><DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>8a4a1b5c-6f1e-4b8e-9a44-0f1d3a5b7c9e</requestId><reservationSet/></DescribeInstancesResponse>"`);
  expect(encodeOutput(describeInstances, {}).body).toMatchInlineSnapshot(`"<?xml version="1.0" encoding="UTF-8"?><DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>8a4a1b5c-6f1e-4b8e-9a44-0f1d3a5b7c9e</requestId></DescribeInstancesResponse>"`);
});

test("an EC2 action that answers nothing answers true", async () => {
  expect(encodeOutput(await operation("ec2", "CreateTags"), {}).body).toMatchInlineSnapshot(`"<?xml version="1.0" encoding="UTF-8"?><CreateTagsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>8a4a1b5c-6f1e-4b8e-9a44-0f1d3a5b7c9e</requestId><return>true</return></CreateTagsResponse>"`);
});

test("AssumeRole is written as STS writes it", async () => {
  const output = { Credentials: { AccessKeyId: "ASIA", SecretAccessKey: "s", SessionToken: "t", Expiration: new Date("2024-01-15T10:20:30Z") }, PackedPolicySize: 6 };
  expect(encodeOutput(await operation("sts", "AssumeRole"), output)).toMatchInlineSnapshot(`
    {
      "body": "<?xml version="1.0" encoding="UTF-8"?><AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2024-01-15T10:20:30Z</Expiration></Credentials><PackedPolicySize>6</PackedPolicySize></AssumeRoleResult><ResponseMetadata><RequestId>8a4a1b5c-6f1e-4b8e-9a44-0f1d3a5b7c9e</RequestId></ResponseMetadata></AssumeRoleResponse>",
      "headers": {
        "content-type": "text/xml;charset=UTF-8",
        "x-amzn-requestid": "8a4a1b5c-6f1e-4b8e-9a44-0f1d3a5b7c9e",
      },
      "status": 200,
    }
  `);
});

test("an IAM action that answers nothing has no result element", async () => {
  expect(encodeOutput(await operation("iam", "DeleteUser"), {}).body).toMatchInlineSnapshot(`"<?xml version="1.0" encoding="UTF-8"?><DeleteUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ResponseMetadata><RequestId>8a4a1b5c-6f1e-4b8e-9a44-0f1d3a5b7c9e</RequestId></ResponseMetadata></DeleteUserResponse>"`);
});

test("JSON outputs have times in seconds and no absent members", async () => {
  const output = { InstanceInformationList: [{ InstanceId: "i-1", LastPingDateTime: new Date(1_500), IPAddress: undefined }] };
  expect(encodeOutput(await operation("ssm", "DescribeInstanceInformation"), output)).toMatchInlineSnapshot(`
    {
      "body": "{"InstanceInformationList":[{"InstanceId":"i-1","LastPingDateTime":1.5}]}",
      "headers": {
        "content-type": "application/x-amz-json-1.1",
        "x-amzn-requestid": "8a4a1b5c-6f1e-4b8e-9a44-0f1d3a5b7c9e",
      },
      "status": 200,
    }
  `);
});

test("REST outputs have their own status and headers", async () => {
  expect(encodeOutput(await operation("ebs", "PutSnapshotBlock"), { Checksum: "abc=", ChecksumAlgorithm: "SHA256" })).toMatchInlineSnapshot(`
    {
      "body": "{}",
      "headers": {
        "content-type": "application/json",
        "x-amz-checksum": "abc=",
        "x-amz-checksum-algorithm": "SHA256",
        "x-amzn-requestid": "8a4a1b5c-6f1e-4b8e-9a44-0f1d3a5b7c9e",
      },
      "status": 201,
    }
  `);
});

test.each([
  [{ Reservations: "none" }, "DescribeInstancesResult.Reservations"],
  [{ NextToken: 5 }, "DescribeInstancesResult.NextToken"],
  [{ Reservations: [{ Instances: [{ LaunchTime: "now" }] }] }, "Instance.LaunchTime"],
  [{ Reservations: [{ Instances: [{ LaunchTime: new Date(Number.NaN) }] }] }, "Instance.LaunchTime"],
  [{ Reservations: [{ Instances: [{ AmiLaunchIndex: Number.NaN }] }] }, "Instance.AmiLaunchIndex"],
])("an output that does not fit the model is the action's defect: %j", async (output, place) => {
  const describeInstances = await operation("ec2", "DescribeInstances");
  expect(() => encodeOutput(describeInstances, output)).toThrow(new RegExp(`^cannot write ${place}`));
});

const error = { code: "InvalidInstanceID.NotFound", message: "The instance ID 'i-1<2>' does not exist", status: 400, requestId, fault: "client" } as const;

test.each<Protocol>(["ec2Query", "awsQuery", "awsJson1_1", "restJson1"])("an error is written as services of the protocol write it: %s", (protocol) => {
  expect(encodeError(protocol, error)).toMatchSnapshot();
});

test("a server's error says so", () => {
  expect(encodeError("awsQuery", { ...error, code: "InternalFailure", status: 500, fault: "server" }).body).toContain("<Type>Receiver</Type><Code>InternalFailure</Code>");
});

test("an error that the model knows is spelled as the model does and may have members of its own", async () => {
  const facts = (await loadService("ebs")).errors.get("ValidationException");
  const answer = { ...error, code: "ValidationException", members: { Reason: "INVALID_BLOCK" } };
  expect(encodeError("restJson1", answer, facts).body).toMatchInlineSnapshot(`"{"__type":"ValidationException","Message":"The instance ID 'i-1<2>' does not exist","Reason":"INVALID_BLOCK"}"`);
});

test("a code cannot write headers", () => {
  expect(encodeError("awsJson1_1", { ...error, code: "A\r\nSet-Cookie: x" }).headers["x-amzn-errortype"]).toBe("ASet-Cookie:x");
});

test("an output that comes again is written as the first time, with its own request id", async () => {
  const describeInstances = await operation("ec2", "DescribeInstances");
  const output = { Reservations: [{ ReservationId: "r-1", Instances: [] }] };
  const texts = ["one", "two", "three", "four"].map((id) => Buffer.from(encodeBytes(describeInstances, output, id).body).toString());
  expect(texts.map((text, index) => text.replace(["one", "two", "three", "four"][index] ?? "", "ID"))).toEqual(Array(4).fill(texts[0]?.replace("one", "ID")));
});

test("an answer that could not be written leaves nothing in the next", async () => {
  const createTags = await operation("ec2", "CreateTags");
  const describeInstances = await operation("ec2", "DescribeInstances");
  const before = encodeOutput(createTags, {}).body;
  expect(() => encodeOutput(describeInstances, { Reservations: [{ ReservationId: "r-1", OwnerId: 5 }] })).toThrow(TypeError);
  expect(encodeOutput(createTags, {}).body).toBe(before);
});

test("long and foreign text is written whole", async () => {
  const value = `${"é<".repeat(40_000)}${"x".repeat(100_000)}`;
  const { body } = encodeOutput(await operation("ec2", "DescribeInstances"), { Reservations: [{ ReservationId: value }] });
  expect(body).toContain(`<reservationId>${value.replaceAll("<", "&lt;")}</reservationId>`);
});

test("what was marked as lasting is written once, in whatever lists it stands, and everything else each time", async () => {
  const of = await operation("ec2", "DescribeInstances");
  const [lasting, passing] = [markLasting({ InstanceId: "i-1" }), { InstanceId: "i-2" }];
  const bodyOf = (...instances: object[]) => encodeOutput(of, { Reservations: [{ Instances: instances }] }).body;
  const before = [bodyOf(lasting, passing), bodyOf(lasting)];
  lasting.InstanceId = "i-3";
  passing.InstanceId = "i-4";
  expect([before[0]?.replace("i-2", "i-4"), before[1]]).toEqual([bodyOf(lasting, passing), bodyOf(lasting)]);
});
