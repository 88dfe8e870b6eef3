/** A guest's terminal, or its serial console, on the page. */
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import { useEffect, useRef, useState } from "react";
import { TerminalLink, type LinkState, type WantedTerminal } from "./terminal-link.ts";

const indicators: Readonly<Record<LinkState, StatusIndicatorProps.Type>> = { opening: "loading", open: "success", broken: "warning", ended: "stopped" };

/** `attempt` makes another terminal of the same guest. */
export function TerminalPage({ wanted, leave }: { readonly wanted: WantedTerminal; readonly leave: () => void }) {
  const [attempt, setAttempt] = useState(0);
  const [state, setState] = useState<LinkState>("opening");
  const [text, setText] = useState("");
  const place = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (place.current === null) return undefined;
    const screen = new Terminal({ fontFamily: "monospace", scrollback: 5_000 });
    const fit = new FitAddon();
    screen.loadAddon(fit);
    screen.open(place.current);
    fit.fit();
    const link = new TerminalLink(wanted, { columns: screen.cols, rows: screen.rows }, {
      output: (bytes, done) => screen.write(bytes, done),
      state: (next, said) => {
        setState(next);
        setText(said);
        if (next === "open") screen.focus();
      },
    });
    screen.onData((data) => link.type(data));
    screen.onResize(({ cols, rows }) => link.resize(cols, rows));
    const watcher = new ResizeObserver(() => fit.fit());
    watcher.observe(place.current);
    return () => {
      watcher.disconnect();
      link.end();
      screen.dispose();
    };
  }, [wanted, attempt]);

  return (
    <SpaceBetween size="s">
      <Header
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            {state === "ended" && <Button onClick={() => setAttempt(attempt + 1)}>Connect again</Button>}
            <Button onClick={leave}>Close</Button>
          </SpaceBetween>
        }
      >
        {wanted.user === undefined ? `Serial console of ${wanted.instance}` : wanted.instance}
      </Header>
      <Box>
        <StatusIndicator type={indicators[state]}>{text}</StatusIndicator>
      </Box>
      <div className="terminal-place" ref={place} />
    </SpaceBetween>
  );
}
