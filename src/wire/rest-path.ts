/** Paths of REST operations: `/snapshots/{SnapshotId}/blocks` against what a request asked for. */
import type { HttpRequest } from "./http-message.ts";
import type { HttpBinding } from "./services.ts";

/**
 * The labels' texts by member name, or undefined when the request is for something else. Broken encoding matches
 * nothing, and neither do dot segments: a signature is over the path without them.
 */
export function matchPath(binding: HttpBinding, request: HttpRequest): ReadonlyMap<string, string> | undefined {
  if (request.method !== binding.method) return undefined;
  const pattern = binding.path.split("/");
  const segments = trimSlash(request.path).split("/");
  if (pattern.length !== segments.length) return undefined;
  const labels = new Map<string, string>();
  for (const [index, part] of pattern.entries()) {
    const segment = decodeSegment(segments[index] ?? "");
    if (segment === undefined) return undefined;
    if (part.startsWith("{") && segment !== "") labels.set(part.slice(1, -1), segment);
    else if (part !== segment) return undefined;
  }
  return labels;
}

function trimSlash(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

function decodeSegment(segment: string): string | undefined {
  if (segment === "." || segment === "..") return undefined;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
