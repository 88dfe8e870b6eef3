/** The console beside the API on the same address: its pages, its door, and the building of the pages when somebody first asks for one. */
import type { IncomingMessage, RequestListener } from "node:http";
import { consoleApi, type ConsoleParts } from "../api/console/console-service.ts";
import { consolePages, type FindPages } from "../api/console/pages.ts";
import { planConsoleBuild } from "./console-build.ts";
import { launchLocked } from "./launch.ts";

export interface Places {
  readonly dataDirectory: string;
  readonly runDirectory: string;
}

/** Requests of the console go there, all others to the API. */
export function withConsole(api: RequestListener, parts: ConsoleParts, places: Places): RequestListener {
  const [answerCall, answerPage] = [consoleApi(parts), consolePages(pagesOf(places), parts.random)];
  return (request, response) => {
    const path = (request.url ?? "").split("?")[0] ?? "";
    if (wantsStart(request, path)) return void response.writeHead(302, { location: "/console/" }).end();
    if (path !== "/console" && !path.startsWith("/console/")) return api(request, response);
    const answering = path.startsWith("/console/api/") ? answerCall(request, response) : answerPage(request, response);
    answering.catch((error: unknown) => {
      parts.log.error("a request of the console could not be answered", { error });
      response.destroy();
    });
  };
}

/** A browser that was given the address alone. Clients of the API sign what they ask. */
function wantsStart({ method, headers }: IncomingMessage, path: string): boolean {
  return method === "GET" && path === "/" && headers.authorization === undefined && (headers.accept ?? "").includes("text/html");
}

/** The build is another process: it takes a second or two of a processor. */
function pagesOf(places: Places): FindPages {
  let building = false;
  return async () => {
    const plan = await planConsoleBuild();
    if (plan.isDone()) return plan.directory;
    if (building) return undefined;
    building = true;
    const child = launchLocked("console-build", ["build-console"], places);
    for (const event of ["error", "exit"] as const) child.once(event, () => (building = false));
    return undefined;
  };
}
