/**
 * A LUKS 1 header with a new random master key, which the pass phrase in its first slot opens: AES-256 in XTS mode, as QEMU makes it.
 *
 * The pass phrase is the text of a random key and cannot be guessed, so deriving a key from it is not made expensive: the fewest rounds
 * that LUKS allows. The format is that of the LUKS On-Disk Format Specification, version 1.2.3.
 */
import { createCipheriv, hash, pbkdf2Sync, randomBytes, randomUUID } from "node:crypto";

const sectorSize = 512;
const masterKeyBytes = 64;
const stripes = 4000;
const rounds = 1000;
const slots = 8;
const slotActive = 0x00ac71f3;
const slotDisabled = 0x0000dead;
const firstSlotSector = 8;
/** A slot's 250 KiB, and the gap after them that QEMU leaves. */
const slotSectors = 504;
const payloadSector = firstSlotSector + slots * slotSectors;
const headerBytes = 592;

export interface LuksHeader {
  /** From the beginning; what follows up to `sizeBytes` is unused. */
  readonly bytes: Buffer;
  readonly sizeBytes: number;
}

export function luksHeader(passPhrase: string): LuksHeader {
  const masterKey = randomBytes(masterKeyBytes);
  const slotSalt = randomBytes(32);
  const slotKey = pbkdf2Sync(passPhrase, slotSalt, rounds, masterKeyBytes, "sha256");
  const material = encryptSectors(slotKey, splitKey(masterKey));
  const bytes = Buffer.alloc(firstSlotSector * sectorSize + material.length);
  writeHeader(bytes, masterKey);
  for (let slot = 0; slot < slots; slot++) writeSlot(bytes, slot, slot === 0 ? slotSalt : undefined);
  material.copy(bytes, firstSlotSector * sectorSize);
  return { bytes, sizeBytes: payloadSector * sectorSize };
}

function writeHeader(bytes: Buffer, masterKey: Buffer): void {
  const salt = randomBytes(32);
  bytes.write("LUKS\xba\xbe", 0, "latin1");
  bytes.writeUInt16BE(1, 6);
  bytes.write("aes", 8);
  bytes.write("xts-plain64", 40);
  bytes.write("sha256", 72);
  bytes.writeUInt32BE(payloadSector, 104);
  bytes.writeUInt32BE(masterKeyBytes, 108);
  pbkdf2Sync(masterKey, salt, rounds, 20, "sha256").copy(bytes, 112);
  salt.copy(bytes, 132);
  bytes.writeUInt32BE(rounds, 164);
  bytes.write(randomUUID(), 168);
}

function writeSlot(bytes: Buffer, slot: number, salt: Buffer | undefined): void {
  const at = headerBytes - (slots - slot) * 48;
  bytes.writeUInt32BE(salt === undefined ? slotDisabled : slotActive, at);
  bytes.writeUInt32BE(salt === undefined ? 0 : rounds, at + 4);
  salt?.copy(bytes, at + 8);
  bytes.writeUInt32BE(firstSlotSector + slot * slotSectors, at + 40);
  bytes.writeUInt32BE(stripes, at + 44);
}

/** LUKS's anti-forensic splitter: the key can be had from all stripes together and from no part of them. */
function splitKey(key: Buffer): Buffer {
  const split = randomBytes(key.length * stripes);
  const sum = Buffer.alloc(key.length);
  for (let stripe = 0; stripe < stripes - 1; stripe++) {
    addTo(sum, split.subarray(stripe * key.length, (stripe + 1) * key.length));
    diffuse(sum);
  }
  addTo(sum, key);
  sum.copy(split, (stripes - 1) * key.length);
  return split;
}

function addTo(sum: Buffer, bytes: Buffer): void {
  for (let index = 0; index < sum.length; index++) sum[index] = (sum[index] ?? 0) ^ (bytes[index] ?? 0);
}

function diffuse(bytes: Buffer): void {
  const counter = Buffer.alloc(4);
  for (let at = 0; at < bytes.length; at += 32) {
    counter.writeUInt32BE(at / 32);
    hash("sha256", Buffer.concat([counter, bytes.subarray(at, at + 32)]), "buffer").copy(bytes, at);
  }
}

function encryptSectors(key: Buffer, data: Buffer): Buffer {
  const sectors = Array.from({ length: data.length / sectorSize }, (_, sector) => {
    const tweak = Buffer.alloc(16);
    tweak.writeUInt32LE(sector);
    return createCipheriv("aes-256-xts", key, tweak).update(data.subarray(sector * sectorSize, (sector + 1) * sectorSize));
  });
  return Buffer.concat(sectors);
}
