import { Box, Button, CopyButton } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";

/** Text for a terminal: always left to right, one click to copy. */
export function CodeBlock({ code, label, plain }: { code: string; label: string; plain?: boolean }) {
  const { t } = useTranslation();
  return (
    <Box>
      <pre className="hd-code" tabIndex={0} role="region" aria-label={label}>{code}</pre>
      {!plain && (
        <CopyButton value={code}>
          {({ copied, copy }) => (
            <Button mt={8} size="xs" variant="default" onClick={copy} leftSection={copied ? <IconCheck size={15} /> : <IconCopy size={15} />}>
              {copied ? t("app.copied") : t("app.copy")}
            </Button>
          )}
        </CopyButton>
      )}
    </Box>
  );
}
