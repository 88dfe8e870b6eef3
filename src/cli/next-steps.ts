/** What `up` prints when the data centre is ready: commands to copy, with this installation's own values. */
import type { ImageStatus, StatusReport } from "./status-report.ts";

/** `data` is the option as given, so that the commands name the same installation. Nobody logs in to a simulated guest. `remote`: where other machines reach it. */
export function nextSteps(report: StatusReport, { data, simulated, remote }: { readonly data?: string; readonly simulated: boolean; readonly remote?: string }): string {
  const image = firstImage(report.images);
  const own = data === undefined ? "" : ` --data ${data}`;
  const lines = [
    `Ready: ${report.url}`,
    "",
    `  eval "$(./hostelry env${own})"`,
    "  aws ec2 create-key-pair --key-name me --query KeyMaterial --output text > me.pem && chmod 600 me.pem",
    `  aws ec2 run-instances --image-id ${image?.id ?? "ami-…"} --instance-type ${instanceType(image)} --key-name me`,
    ...(simulated ? [] : login),
    "",
    `  ./hostelry status${own}    what runs where`,
    `  ./hostelry console${own}   a link to the console in a browser`,
    `  ./hostelry down${own}      shut everything down`,
    ...(remote === undefined ? [] : ["", `Other machines: ${remote}    (./hostelry env --remote${own})`]),
  ];
  return `${lines.join("\n")}\n`;
}

const login = [
  "  aws ec2 authorize-security-group-ingress --group-name default --protocol tcp --port 22 --cidr 0.0.0.0/0",
  "  ssh -i me.pem admin@$(aws ec2 describe-instances --query 'Reservations[-1].Instances[0].PublicIpAddress' --output text)",
];

/** The small image; of its two registrations the one that modern instance types boot. */
function firstImage(images: readonly ImageStatus[]): ImageStatus | undefined {
  const usable = images.filter((image) => image.state === "available");
  const tiny = usable.filter((image) => image.name.includes("tiny"));
  return tiny.find((image) => image.virtualizationType === "hvm") ?? tiny[0] ?? usable[0];
}

function instanceType(image: ImageStatus | undefined): string {
  return image?.virtualizationType === "paravirtual" ? "m1.small" : "t3.micro";
}
