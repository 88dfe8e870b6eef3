import { expect, test } from "vitest";
import { devicesNamed, requireAccelerators, requireCards } from "./named-devices.ts";

test("An accelerator that the machine has not, or that its screen is on, is refused with those that it has", () => {
  const there = ["0000:01:00.0", "0000:02:00.0"];
  expect(() => requireAccelerators(devicesNamed(there), there)).not.toThrow();
  expect(() => requireAccelerators(devicesNamed(["none"]), []), "no device is called none").not.toThrow();
  expect(refusal(() => requireAccelerators(["0000:01:00.0", "0000:00:02.0"], there))).toEqual(["This machine has no accelerator 0000:00:02.0 that guests could have.", "It has 0000:01:00.0, 0000:02:00.0; ./hostelry doctor says what they are"]);
  expect(refusal(() => requireAccelerators(["gpu"], []))).toEqual(["This machine has no accelerator gpu that guests could have.", "It has none that guests could have: ./hostelry doctor"]);
});

test("A card that the machine has not is refused, a network device and an NVMe controller each with where to look", () => {
  expect(() => requireCards(["lo"])).not.toThrow();
  expect(refusal(() => requireCards(["lo", "nothere0"]))).toEqual(["This machine has no network device nothere0.", "ip link shows them"]);
  expect(refusal(() => requireCards(["nvme4711"]))).toEqual(["This machine has no NVMe controller nvme4711.", "ls /sys/class/nvme shows them"]);
});

function refusal(act: () => void): readonly unknown[] {
  try {
    act();
  } catch (thrown) {
    const { message, remedy } = thrown as { message: string; remedy?: string }; // a CommandError
    return [message, remedy];
  }
  return [];
}
