export {
  IconAlertTriangle, IconArrowRight, IconArrowsShuffle, IconArrowsSplit, IconBell, IconBolt, IconCheck, IconChevronDown, IconChevronRight, IconClock, IconCode, IconCopy, IconDatabase,
  IconDeviceMobile, IconDoorExit, IconDownload, IconFilter, IconFingerprint, IconHistory, IconHome, IconHourglass, IconInbox, IconKey, IconLanguage, IconLogout, IconMail,
  IconMailOpened, IconMenu2, IconMoodSmile, IconMoon, IconPencil, IconPlayerPause, IconPlayerPlay, IconPlus, IconQuestionMark, IconRefresh, IconRoute, IconSearch, IconSend, IconSettings,
  IconShieldCheck, IconStairs, IconSun, IconTrash, IconTarget, IconUser, IconUserEdit, IconUserOff, IconUsers, IconX,
} from "@tabler/icons-react";
