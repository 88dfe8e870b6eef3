/** Which page is shown: signing in, the guests, or one guest's terminal or serial console. */
import AppLayout from "@cloudscape-design/components/app-layout";
import Spinner from "@cloudscape-design/components/spinner";
import TopNavigation from "@cloudscape-design/components/top-navigation";
import { useEffect, useState } from "react";
import { GuestsPage } from "./guests-page.tsx";
import { findSession, signIn, signOut, type Session } from "./service.ts";
import { SignInPage } from "./sign-in-page.tsx";
import type { WantedTerminal } from "./terminal-link.ts";
import { TerminalPage } from "./terminal-page.tsx";

const linkMark = "#sign-in=";

/** A link signs in once; it is taken out of the address, so that no history keeps it. */
function takeLink(): string | undefined {
  const { hash } = location;
  if (!hash.startsWith(linkMark)) return undefined;
  history.replaceState(null, "", location.pathname);
  return hash.slice(linkMark.length);
}

const linkOfPage = takeLink();
/** One question, however often the page is drawn. */
const beginning: Promise<Session | undefined> = linkOfPage === undefined ? findSession() : signIn({ link: linkOfPage });

export function App() {
  const [session, setSession] = useState<Session | "unknown" | undefined>("unknown");
  const [said, setSaid] = useState("");
  const [region, setRegion] = useState("us-east-1");
  const [wanted, setWanted] = useState<WantedTerminal>();

  useEffect(() => {
    beginning.then(setSession, (error: Error) => {
      setSaid(error.message);
      setSession(undefined);
    });
  }, []);

  if (session === "unknown") return <Spinner size="large" />;
  if (session === undefined) return <SignInPage said={said} done={setSession} />;
  const leave = () => void signOut().finally(() => location.reload());
  return (
    <>
      <TopNavigation
        identity={{ href: "/console/", title: "Hostelry" }}
        utilities={[{ type: "button", text: `${session.name} in ${session.account}` }, { type: "button", text: "Sign out", onClick: leave }]}
      />
      <AppLayout
        navigationHide
        toolsHide
        content={
          wanted === undefined
            ? <GuestsPage regions={session.regions} region={region} choose={setRegion} connect={setWanted} />
            : <TerminalPage wanted={wanted} leave={() => setWanted(undefined)} />
        }
      />
    </>
  );
}
