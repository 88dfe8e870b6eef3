/** A process that writes a snapshot and kills itself at a numbered moment: `node killed-writer.ts FOLDER ID MOMENT`. */
import { openBlockStore } from "../block-store.ts";
import { writeExample } from "./example-snapshot.ts";

const [directory = "", id = "", killAt = "0"] = process.argv.slice(2);
let moments = 0;
const store = openBlockStore(directory, {
  witness: () => {
    if (++moments === Number(killAt)) process.kill(process.pid, "SIGKILL");
  },
});
await writeExample(store, id);
