/**
 * The one executable. Compiled code is kept between runs, since most of a short command's time is the loading of modules; started by
 * `./hostelry`, this file's own is kept too.
 */
import { enableCompileCache } from "node:module";
import { compileCacheDirectory } from "./cli/compile-cache.ts";

enableCompileCache(compileCacheDirectory);
// Whoever reads the output may stop reading, as `head` does.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

const { run } = await import("./cli/program.ts");
process.exitCode = await run(process.argv.slice(2));
