/** Reads fields of what `ip -json` printed, which is unknown until looked at. */
export function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && name in value ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined;
}

export function stringField(value: unknown, name: string): string | undefined {
  const found = field(value, name);
  return typeof found === "string" ? found : undefined;
}

export function numberField(value: unknown, name: string): number | undefined {
  const found = field(value, name);
  return typeof found === "number" ? found : undefined;
}

export function listField(value: unknown, name: string): readonly unknown[] {
  const found = field(value, name);
  return Array.isArray(found) ? found : [];
}
