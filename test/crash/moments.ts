/**
 * Which moments of a play are worth a kill. Most commits of a control plane say that there is nothing to do. Whichever of several such in a row is the last, and whether
 * it dies before or after it, its next life finds the same rows and hosts; so one kill stands for all of them. That something is due does not count: every life begins
 * with a look at everything.
 */
import { sql } from "kysely";
import type { Store, Tx } from "../../src/store/store.ts";
import type { FakeHost } from "./fake-host.ts";

/** From now on the database counts the rows that are written. */
export async function countEffects(store: Store): Promise<void> {
  await store.write(async ({ db }) => {
    const { rows } = await sql<{ name: string }>`select name from sqlite_master where type = 'table' and name not like 'sqlite%' and name <> 'due'`.execute(db);
    await sql`create table effects (count integer not null)`.execute(db);
    await sql`insert into effects values (0)`.execute(db);
    for (const { name } of rows) {
      for (const event of ["insert", "update", "delete"]) {
        await sql`create trigger ${sql.ref(`effect_${event}_${name}`)} after ${sql.raw(event)} on ${sql.table(name)} begin update effects set count = count + 1; end`.execute(db);
      }
    }
  });
}

async function readEffects({ db }: Tx): Promise<number | undefined> {
  const { rows } = await sql<{ count: number }>`select count from effects`.execute(db);
  return rows[0]?.count;
}

interface Moment {
  readonly isFirst: boolean;
  /** The commit that it is before or after wrote nothing. */
  isIdle: boolean;
  readonly hosts: string;
}

/** All that hosts remember. */
function toText(hosts: readonly FakeHost[]): string {
  return JSON.stringify(hosts.map(({ held, boots }) => [Array.from(held.values(), (thing) => [thing, ...thing.plugged]), ...boots]));
}

/** Watches a play in which nothing is killed. */
export class MomentWatch {
  readonly #hosts: readonly FakeHost[];
  readonly #moments: Moment[] = [];

  constructor(hosts: readonly FakeHost[]) {
    this.#hosts = hosts;
  }

  /** Ticks as a store that can be killed does. Each such store's first moment differs from the one before: something else was done meanwhile. */
  through(real: Store, tick: () => Promise<void>): Store {
    let isFirst = true;
    const enter = async (): Promise<Moment> => {
      const moment = { isFirst, isIdle: false, hosts: toText(this.#hosts) };
      isFirst = false;
      this.#moments.push(moment);
      await tick();
      return moment;
    };
    return {
      ...real,
      write: async (fn, urgency) => {
        const before = await enter();
        let isIdle = false;
        const result = await real.write(async (tx) => {
          const effects = await readEffects(tx);
          const made = await fn(tx);
          isIdle = (await readEffects(tx)) === effects;
          return made;
        }, urgency);
        const after = await enter();
        before.isIdle = after.isIdle = isIdle;
        return result;
      },
    };
  }

  /** Counted from 1, as ticks are. */
  distinct(): readonly number[] {
    return this.#moments.flatMap(({ isFirst, isIdle, hosts }, index, all) => {
      const former = all[index - 1];
      return !isFirst && isIdle && former?.isIdle === true && former.hosts === hosts ? [] : [index + 1];
    });
  }
}
