import { describe, expect, test } from "vitest";
import { requireInstanceType } from "./instance-types/catalogue.ts";
import { parseLaunchTags } from "./launch-tags.ts";

const builtin = { architecture: "x86_64", launch_options: "{}", virtualization_type: "hvm" } as const;
const plain = { ...builtin, launch_options: JSON.stringify({ enaSupport: false, sriovNetSupport: null }) };
const withIntelVf = { ...builtin, launch_options: JSON.stringify({ enaSupport: false, sriovNetSupport: "simple" }) };

function wanted(type: string, tags: Readonly<Record<string, string>>, image: Parameters<typeof parseLaunchTags>[0] = builtin) {
  return parseLaunchTags(image, requireInstanceType(type), Object.entries(tags).map(([word, value]) => ({ key: `hostelry:${word}`, value })));
}

describe("Launch tags", () => {
  test("choose the virtualization, which is hardware assistance, or else emulation, where they do not", () => {
    expect(wanted("t3.micro", {})).toEqual({ virtualizations: ["hardware", "emulated"], networking: "tap" });
    expect(wanted("t3.micro", { virtualization: "emulated", networking: "tap" })).toEqual({ virtualizations: ["emulated"], networking: "tap" });
    expect(wanted("t4g.micro", {}, { ...builtin, architecture: "arm64" }).virtualizations).toEqual(["emulated"]);
    expect(() => wanted("t3.micro", { virtualization: "none" })).toThrow("must be one of emulated, paravirtual, hardware");
  });

  test("choose virtual functions, for hardware-assisted guests alone, where type and image have the same enhanced networking", () => {
    const functions = { virtualizations: ["hardware"], networking: "vf" };
    expect([wanted("m5.large", { networking: "vf" }), wanted("m4.large", { networking: "vf", virtualization: "hardware" }, withIntelVf)]).toEqual([functions, functions]);
    expect(() => wanted("m4.large", { networking: "vf" }, plain)).toThrow("which the instance type 'm4.large' does not have with this image");
    expect(() => wanted("t2.micro", { networking: "vf" })).toThrow("enhanced networking");
    expect(() => wanted("m5.large", { networking: "vf", virtualization: "emulated" })).toThrow("hardware-assisted guests only");
  });

  test("choose emulated network cards, for all guests of QEMU of x86_64", () => {
    expect(wanted("t3.micro", { networking: "e1000" })).toEqual({ virtualizations: ["hardware", "emulated"], networking: "e1000" });
    expect(wanted("t2.micro", { networking: "e1000", virtualization: "emulated" }, plain)).toEqual({ virtualizations: ["emulated"], networking: "e1000" });
    expect(() => wanted("t1.micro", { networking: "e1000" }, { ...builtin, virtualization_type: "paravirtual" })).toThrow("emulated and hardware-assisted guests of x86_64 only");
    expect(() => wanted("t4g.micro", { networking: "e1000" }, { ...builtin, architecture: "arm64" })).toThrow("emulated and hardware-assisted guests of x86_64 only");
    expect(() => wanted("t3.micro", { networking: "rtl8139" })).toThrow("must be one of tap, e1000, vf");
  });
});
