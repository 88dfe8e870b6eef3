/** The running guests of a region, and whom to connect as. */
import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import { useCallback, useEffect, useState } from "react";
import { listGuests, type Guest } from "./service.ts";
import type { WantedTerminal } from "./terminal-link.ts";

interface GuestsPageProps {
  readonly regions: readonly string[];
  readonly region: string;
  readonly choose: (region: string) => void;
  readonly connect: (wanted: WantedTerminal) => void;
}

export function GuestsPage({ regions, region, choose, connect }: GuestsPageProps) {
  const [guests, setGuests] = useState<readonly Guest[]>();
  const [problem, setProblem] = useState("");
  const [user, setUser] = useState("admin");

  const load = useCallback(() => {
    setGuests(undefined);
    setProblem("");
    listGuests(region).then(setGuests, (error: Error) => {
      setGuests([]);
      setProblem(error.message);
    });
  }, [region]);
  useEffect(load, [load]);

  const column = (id: Exclude<keyof Guest, "id">, header: string): TableProps.ColumnDefinition<Guest> => ({ id, header, cell: (guest) => guest[id] || "–" });
  return (
    <SpaceBetween size="m">
      {problem !== "" && <Alert type="error">{problem}</Alert>}
      <Table
        items={guests ?? []}
        loading={guests === undefined}
        loadingText="Asking the service…"
        trackBy="id"
        empty="No instance runs in this region."
        header={
          <Header
            actions={
              <SpaceBetween direction="horizontal" size="xs">
                <Select selectedOption={{ value: region, label: region }} options={regions.map((value) => ({ value, label: value }))} onChange={({ detail }) => choose(detail.selectedOption.value ?? region)} ariaLabel="Region" />
                <Input value={user} onChange={({ detail }) => setUser(detail.value)} ariaLabel="User name in the guest" />
                <Button iconName="refresh" ariaLabel="Ask again" onClick={load} />
              </SpaceBetween>
            }
          >
            Running instances
          </Header>
        }
        columnDefinitions={[
          { id: "id", header: "Instance", cell: ({ id }) => id, isRowHeader: true },
          column("name", "Name"),
          column("type", "Type"),
          column("zone", "Zone"),
          column("publicAddress", "Public address"),
          column("privateAddress", "Private address"),
          {
            id: "connect",
            header: "",
            cell: ({ id }) => (
              <SpaceBetween direction="horizontal" size="xs">
                <Button onClick={() => connect({ region, instance: id, user })} ariaLabel={`Connect to ${id}`}>Connect</Button>
                <Button onClick={() => connect({ region, instance: id })} ariaLabel={`Serial console of ${id}`}>Serial console</Button>
              </SpaceBetween>
            ),
          },
        ]}
      />
    </SpaceBetween>
  );
}
