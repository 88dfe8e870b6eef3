/** Signing in as a user of an account, or as its root. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { ServiceError, signIn, type Session } from "./service.ts";

export function SignInPage({ said, done }: { readonly said: string; readonly done: (session: Session) => void }) {
  const [account, setAccount] = useState("");
  const [user, setUser] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState<string>();
  const [newPassword, setNewPassword] = useState<string>();
  const [problem, setProblem] = useState(said);
  const [busy, setBusy] = useState(false);

  const submit = async (): Promise<void> => {
    setBusy(true);
    try {
      done(await signIn({ account, user, password, ...(code === undefined ? {} : { code }), ...(newPassword === undefined ? {} : { newPassword }) }));
    } catch (error) {
      if (error instanceof ServiceError && error.code === "CodeRequired") setCode("");
      if (error instanceof ServiceError && error.code === "PasswordChangeRequired") setNewPassword("");
      setProblem(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  };
  return (
    <Box padding="xxl">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Container header={<Header>Sign in to Hostelry</Header>}>
          <Form actions={<Button variant="primary" loading={busy} formAction="submit">Sign in</Button>}>
            <SpaceBetween size="m">
              {problem !== "" && <Alert type="warning">{problem}</Alert>}
              <FormField label="Account"><Input value={account} onChange={({ detail }) => setAccount(detail.value)} inputMode="numeric" autoFocus /></FormField>
              <FormField label="User name" description="None for the account's root"><Input value={user} onChange={({ detail }) => setUser(detail.value)} autoComplete="username" /></FormField>
              <FormField label="Password"><Input value={password} onChange={({ detail }) => setPassword(detail.value)} type="password" autoComplete="current-password" /></FormField>
              {code !== undefined && (
                <FormField label="MFA code"><Input value={code} onChange={({ detail }) => setCode(detail.value)} inputMode="numeric" autoComplete="one-time-code" /></FormField>
              )}
              {newPassword !== undefined && (
                <FormField label="New password"><Input value={newPassword} onChange={({ detail }) => setNewPassword(detail.value)} type="password" autoComplete="new-password" /></FormField>
              )}
              <Box variant="small">The account's root may also sign in by a link, without a password: ./hostelry console</Box>
            </SpaceBetween>
          </Form>
        </Container>
      </form>
    </Box>
  );
}
