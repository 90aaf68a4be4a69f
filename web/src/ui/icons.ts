export {
  IconAlertTriangle, IconArrowRight, IconArrowsSplit, IconBell, IconBolt, IconCheck, IconChevronRight, IconClock, IconCode, IconCopy,
  IconDeviceMobile, IconDoorExit, IconFilter, IconFingerprint, IconHistory, IconHome, IconHourglass, IconInbox, IconKey, IconLanguage, IconLogout, IconMail,
  IconMailOpened, IconMenu2, IconMoon, IconPlayerPause, IconPlayerPlay, IconQuestionMark, IconRefresh, IconRoute, IconSearch, IconSend, IconSettings,
  IconShieldCheck, IconSun, IconTrash, IconUser, IconUsers, IconX,
} from "@tabler/icons-react";
