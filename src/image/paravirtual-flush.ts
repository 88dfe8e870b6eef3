/**
 * Makes a paravirtual guest's flushes real. The block driver of User-mode Linux 6.1 counts the segments of a flush request, finds none, and therefore
 * carries nothing out: `sync` in the guest returns at once and the host is never asked for it. What a guest believes to be on disk would be lost
 * with the process that keeps it.
 *
 * The cure changes a few instructions of the kernel's `ubd_queue_rq`: a flush counts as one segment, as discards do, and the driver's own
 * code for it then runs.
 *
 *      before                         after
 *      xor   %r12d,%r12d              mov   $1,%r12d        number of segments
 *      cmp   $2,%eax     (flush)      cmp   $2,%eax
 *      je    done                     je    done
 *      mov   $1,%r12d                 cmp   $3,%eax
 *      cmp   $3,%eax     (discard)    je    done
 *      je    done                     nop, nop, nop
 */
const before = bytesOf("4531e4 83f802 741a 41bc01000000 83f803 740f");
const after = bytesOf("41bc01000000 83f802 7417 83f803 7412 909090");

/** The kernel with the cure; undefined when it has not exactly one place that looks like the fault. */
export function repairFlush(kernel: Buffer): Buffer | undefined {
  const place = kernel.indexOf(before);
  if (place < 0 || kernel.indexOf(before, place + 1) >= 0) return undefined;
  const repaired = Buffer.from(kernel);
  after.copy(repaired, place);
  return repaired;
}

function bytesOf(instructions: string): Buffer {
  return Buffer.from(instructions.replaceAll(" ", ""), "hex");
}
