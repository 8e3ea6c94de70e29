//! The prefixes of the providers, as published by them or by GitHub's secret scanning partners' list.
//!
//! Public identifiers are left out: publishable Stripe keys (`pk_`), Twilio account SIDs, PostHog project keys.

use super::set::*;
use crate::redact::Class;

/// No upper limit.
pub(super) const ANY: u16 = u16::MAX;

/// What must follow a prefix.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub(super) set: u16,
    /// Bytes after the prefix, at least and at most.
    pub(super) min: u16,
    pub(super) max: u16,
    /// Letters and digits must both occur: the prefix alone is not rare enough.
    pub(super) mixed: bool,
    /// They must look drawn by chance: names may begin so, too.
    pub(super) drawn: bool,
    /// The prefix stays readable: it is the address of a hook.
    pub(super) keep: bool,
    /// Bytes before the prefix that belong to the token.
    pub(super) back: u16,
    pub(super) class: Class,
}

const fn token(set: u16, min: u16, max: u16) -> Rule {
    Rule {
        set,
        min,
        max,
        mixed: false,
        drawn: false,
        keep: false,
        back: 0,
        class: Class::Token,
    }
}

const fn key(set: u16, min: u16, max: u16) -> Rule {
    Rule {
        class: Class::Key,
        ..token(set, min, max)
    }
}

/// For short prefixes that ordinary words may have.
const fn mixed(rule: Rule) -> Rule {
    Rule { mixed: true, ..rule }
}

/// For prefixes that names of things may have.
const fn drawn(rule: Rule) -> Rule {
    Rule { drawn: true, ..rule }
}

const fn hook(set: u16, min: u16) -> Rule {
    Rule {
        keep: true,
        ..token(set, min, ANY)
    }
}

const fn behind(back: u16, rule: Rule) -> Rule {
    Rule { back, ..rule }
}

pub(super) const PROVIDERS: &[(Rule, &str)] = &[
    // Amazon: access key ids, Bedrock keys, MWS, Login with Amazon.
    (key(DIGIT | UPPER, 16, 16), "AKIA ASIA ABIA ACCA"),
    (mixed(key(DIGIT | UPPER, 17, 17)), "A3T"),
    (mixed(key(BASE64, 30, ANY)), "ABSK"),
    (key(BASE64, 20, ANY), "bedrock-api-key-"),
    (key(DIGIT | LOWER | DASH, 36, 36), "amzn.mws."),
    (mixed(key(DIGIT | LOWER, 26, 26)), "da2-"),
    (key(HEX, 64, 64), "amzn1.oa2-cs.v1."),
    // Session tokens of AWS, which are base64 of bytes that name it.
    (
        mixed(token(BASE64, 60, ANY)),
        "FwoGZXIvYXdz FQoDYXdz AQoDYXdz IQoJb3JpZ2lu",
    ),
    (drawn(key(ALNUM | DASH, 30, 40)), "amzn.mws."),
    // Google: API keys, OAuth access tokens, client secrets and refresh tokens.
    (mixed(key(URL64, 35, 35)), "AIza"),
    (drawn(key(URL64, 36, 50)), "AIza"),
    (token(URL64 | DOT, 10, ANY), "ya29."),
    (key(URL64, 24, 40), "GOCSPX-"),
    (mixed(token(URL64, 30, ANY)), "1//0"),
    (drawn(token(URL64, 40, 160)), "1//"),
    (mixed(key(BASE64 | URL64, 40, ANY)), "fsq3"),
    (mixed(key(DIGIT | UPPER, 20, 60)), "GOOG"),
    // Login with Amazon.
    (mixed(token(URL64, 40, ANY)), "Atza| Atzr|"),
    // Other clouds.
    (mixed(key(ALNUM, 12, 26)), "LTAI"),
    (mixed(key(ALNUM, 32, 36)), "AKID"),
    (mixed(key(ALNUM, 20, 24)), "ALTAK"),
    (mixed(key(URL64, 30, ANY)), "AKLT AKTP"),
    (mixed(key(DIGIT | UPPER, 25, 40)), "JDC_"),
    (token(URL64 | SLASH, 40, ANY), "bce-v3/ALTAK-"),
    (mixed(key(URL64, 30, 60)), "AQVN YCAJE YCM YCP YCN YCO"),
    (mixed(token(URL64, 50, ANY)), "y0_ y1_ y2_ y3_"),
    (mixed(token(URL64 | DOT | EQUALS, 80, ANY)), "t1."),
    (token(ANY_HEX, 64, 64), "dop_v1_ doo_v1_ dor_v1_ dos_v1_"),
    (mixed(token(DIGIT | LOWER, 32, 32)), "dapi"),
    // Of letters only, by their length.
    (token(HEX, 32, 32), "dapi"),
    (token(URL64, 36, ANY), "HRKU-"),
    (token(HEX | DASH, 100, ANY), "v1.0-"),
    (mixed(token(URL64, 32, ANY)), "cfut_ cfat_ cfk_"),
    (token(URL64 | BASE64, 36, ANY), "fo1_ fm1r_ fm1a_ fm2_"),
    (token(ALNUM, 24, ANY), "rnd_"),
    (mixed(token(WORD, 24, ANY)), "nfp_ nfc_ nfb_"),
    (mixed(token(WORD, 24, ANY)), "vercel_blob_rw_"),
    (mixed(token(BASE64, 43, 44)), "ptr_"),
    (mixed(token(URL64, 24, ANY)), "vcp_ vck_ vci_ vca_ vcr_"),
    (
        token(URL64 | DOT | EQUALS, 32, ANY),
        "pscale_tkn_ pscale_pw_ pscale_oauth_",
    ),
    (token(URL64, 20, ANY), "sb_secret_ AVNS_ mdb_sa_sk_ tskey-"),
    (mixed(token(ALNUM, 32, ANY)), "napi_"),
    (token(ANY_HEX, 40, 40), "sbp_ sbp_v0_"),
    (mixed(token(URL64, 40, 44)), "sbp_"),
    (mixed(token(URL64, 8, ANY)), "dvc_server_ dvc_mobile_ dvc_client_"),
    (mixed(token(ALNUM, 30, 40)), "alcht_"),
    (mixed(token(ANY_HEX, 32, 32)), "QN_"),
    (drawn(token(DIGIT | LOWER, 29, 29)), "tk_"),
    (mixed(key(ALNUM, 24, 30)), "EXO"),
    (mixed(key(URL64 | EQUALS, 60, ANY)), "essu_ CCDB1_"),
    (mixed(token(URL64, 40, ANY)), "AQ.Ab8R"),
    (mixed(token(ALNUM | COLON, 20, ANY)), "AstraCS:"),
    (
        mixed(token(ALNUM, 24, ANY)),
        "ucat_ csa_ ion_ mlsn. cog_ rpa_ hcaik_ hcxik_ hcbik_ hccik_ hcdik_ hcaic_ hcbic_ hccic_ hcdic_ hcamk_ hcxmk_ hcalk_ hcxlk_",
    ),
    (mixed(token(ALNUM, 16, ANY)), "STS."),
    (mixed(token(ALNUM, 20, ANY)), "AIK_CI_ AIK_SECRET_ unkey_"),
    (token(DIGIT | UPPER, 24, ANY), "SCWSECRET"),
    (mixed(token(DIGIT | LOWER | DASH, 33, 33)), "akab-"),
    (drawn(token(URL64, 30, 40)), "akab-"),
    (mixed(token(BASE64, 80, ANY)), "AVNU_"),
    (mixed(key(ALNUM, 38, 38)), "4b1d"),
    (mixed(key(BASE64, 60, ANY)), "cflt"),
    (mixed(token(URL64, 30, ANY)), "dbtc_ dbts_ dbtu_"),
    (mixed(token(HEX, 64, 64)), "dtn_ slk_"),
    (mixed(token(HEX, 58, 58)), "cr-"),
    (mixed(token(DIGIT | LOWER, 28, 40)), "tkcapi_"),
    (drawn(token(ALNUM, 32, 60)), "odt_ flp_"),
    (drawn(token(URL64 | DOT, 40, 60)), "hawk."),
    (drawn(token(BASE64 | URL64, 44, 44)), "b_"),
    (
        key(HEX, 32, ANY),
        "signkey-prod- signkey-test- signkey-branch- signkey-staging-",
    ),
    (drawn(token(ALNUM, 22, 22)), "as- ak-"),
    (drawn(token(URL64 | DOT, 60, ANY)), "st."),
    (token(URL64 | DOT, 60, ANY), "p.eyJ"),
    (token(URL64 | DOT, 40, ANY), "wrka-eyJ"),
    // Forges, registries and build services.
    (token(URL64, 30, ANY), "ghp_ gho_ ghu_ ghr_"),
    // Those of an installation may be a JSON web token.
    (token(URL64 | DOT, 30, ANY), "ghs_"),
    (token(WORD, 40, ANY), "github_pat_"),
    (
        token(URL64 | DOT, 18, ANY),
        "glpat- gldt- glrt- glrtr- glcbt- glptt- glft- glimt- glagent- glsoat- gloas- glffct- glwt- GR1348941",
    ),
    (mixed(token(ALNUM, 24, 40)), "ATBB"),
    (token(BASE64 | URL64, 32, ANY), "BBDC-"),
    (drawn(token(URL64, 24, 64)), "jsrp_ jsrd_ jsrw_ jsrt_"),
    (mixed(token(ANY_HEX, 32, 32)), "KGAT_"),
    (mixed(token(ALNUM, 36, 40)), "nbp_"),
    (
        drawn(token(URL64, 30, 80)),
        "hskey- hskey-auth- hskey-api- sktsec_ chpt_",
    ),
    (token(URL64 | EQUALS, 50, ANY), "ATATT3 ATCTT3 ATSTT3"),
    (mixed(token(URL64 | EQUALS, 100, ANY)), "ATAT"),
    (mixed(token(ALNUM, 30, 72)), "npm_"),
    (drawn(token(ALNUM, 24, 29)), "npm_"),
    (token(URL64, 40, ANY), "pypi-Ag"),
    (mixed(token(URL64, 80, ANY)), "pypi-"),
    (token(ANY_HEX, 40, 64), "rubygems_"),
    (mixed(token(ALNUM, 48, 48)), "rubygems_"),
    (mixed(token(ALNUM, 32, 32)), "cio cio_tp_"),
    (mixed(token(DIGIT | LOWER, 43, 43)), "oy2"),
    (token(URL64, 30, ANY), "packagist_ CLOJARS_ CCIPAT_ CCIPRJ_"),
    (token(URL64, 20, ANY), "dckr_pat_ dckr_oat_"),
    (token(ANY_HEX, 40, 40), "squ_ sqp_ sqa_ pul-"),
    (
        mixed(token(URL64, 40, ANY)),
        "bkua_ bkaa_ bkaj_ bkar_ bkct_ bkpt_ bkpat_ bkps_ os_v2_app_ os_v2_org_",
    ),
    (token(URL64 | SLASH, 44, ANY), "configcat-sdk-1/"),
    (mixed(token(URL64 | BASE64, 44, ANY)), "apk_"),
    (mixed(token(BASE64, 40, ANY)), "SWMKEY-1-"),
    (mixed(token(URL64 | DOT, 30, ANY)), "snyk_uat. snyk_sat. snyk_pat."),
    (drawn(token(DIGIT | LOWER | COLON, 58, 62)), "token-"),
    (mixed(token(URL64, 60, ANY)), "AKCp"),
    (drawn(token(ALNUM, 30, 59)), "AKCp"),
    (mixed(token(URL64, 59, 59)), "cmVmd"),
    (mixed(token(URL64, 36, ANY)), "sgp_ ddp_ ddw_ ddo_ pnu_ pnb_"),
    (behind(15, token(URL64 | EQUALS, 50, 80)), "atlasv1."),
    (token(URL64, 43, 43), "sha256~"),
    (mixed(token(URL64 | DOT, 66, 80)), "pat. sat."),
    // Chat.
    (
        token(URL64 | PERCENT, 8, ANY),
        "xoxb- xoxp- xoxa- xoxr- xoxs- xoxo- xoxe- xoxc-",
    ),
    // As a cookie, before it is escaped.
    (token(URL64 | BASE64 | PERCENT, 8, ANY), "xoxd-"),
    (mixed(token(DIGIT | LOWER, 30, 30)), "oauth:"),
    (mixed(token(URL64, 12, ANY)), "xapp- xwfp-"),
    (
        mixed(hook(WORD | SLASH, 12)),
        "hooks.slack.com/services/ hooks.slack.com/workflows/ hooks.slack.com/triggers/ hooks.slack-gov.com/services/",
    ),
    (
        mixed(hook(URL64 | SLASH | AT, 40)),
        "discord.com/api/webhooks/ discordapp.com/api/webhooks/ discord.com/api/v8/webhooks/ discord.com/api/v9/webhooks/ discord.com/api/v10/webhooks/ \
         webhook.office.com/webhookb2/ outlook.office.com/webhook/",
    ),
    (
        mixed(hook(ALNUM | SLASH | DASH, 12)),
        "hooks.zapier.com/hooks/catch/ open.feishu.cn/open-apis/bot/v2/hook/ open.larksuite.com/open-apis/bot/v2/hook/ \
         hook.eu1.make.com/ hook.eu2.make.com/ hook.us1.make.com/ hook.us2.make.com/ hook.make.com/ hook.integromat.com/ hc-ping.com/",
    ),
    (mixed(hook(URL64 | COLON, 40)), "api.telegram.org/bot"),
    (
        mixed(hook(URL64, 32)),
        "alchemyapi.io/v2/ g.alchemy.com/v2/ infura.io/v3/",
    ),
    (
        mixed(hook(HEX | DASH, 30)),
        "qyapi.weixin.qq.com/cgi-bin/webhook/send?key=",
    ),
    // Payment and trade.
    (
        key(ALNUM, 10, ANY),
        "sk_live_ sk_test_ sk_prod_ rk_live_ rk_test_ rk_prod_ ek_live_ ek_test_",
    ),
    // Of those who write them in base64.
    (key(BASE64, 20, ANY), "whsec_ sk_live_a2V5Xz sk_test_a2V5Xz"),
    (
        key(URL64, 20, ANY),
        "sq0atp- sq0csp- sq0idp- sandbox-sq0csb- sandbox-sq0atb- sandbox-sq0idb-",
    ),
    (mixed(key(URL64, 22, 64)), "EAAA"),
    (mixed(key(URL64, 56, 64)), "EAAl"),
    (token(DIGIT | LOWER | DOLLAR, 30, ANY), "access_token$"),
    (key(ANY_HEX, 32, 32), "shpat_ shpca_ shppa_ shpss_ shptka_ shpua_"),
    (
        key(HEX | DASH, 36, 36),
        "access-sandbox- access-development- access-production-",
    ),
    (
        key(WORD | DASH, 12, ANY),
        "FLWSECK_TEST- FLWSECK- FLWPUBK_TEST- FLWPUBK-",
    ),
    (mixed(key(ALNUM, 50, 58)), "EZAK EZTK"),
    (token(URL64 | EQUALS, 40, ANY), "duffel_test_ duffel_live_"),
    (mixed(key(HEX, 35, 35)), "live_ test_"),
    (drawn(key(ALNUM, 30, 30)), "live_ test_"),
    (drawn(key(URL64, 40, 40)), "live_ sandbox_"),
    (mixed(key(HEX, 40, 40)), "ck_ cs_"),
    (mixed(key(HEX, 32, 32)), "live_ live_auth_"),
    (mixed(key(URL64, 16, 40)), "Mid-server- SB-Mid-server-"),
    (mixed(key(URL64 | DOT | EQUALS, 16, 40)), "WPL_AP0. WPL_AP1."),
    (mixed(key(ALNUM, 30, ANY)), "bxt_"),
    (
        mixed(key(BASE64 | DASH, 60, ANY)),
        "AQEhhm AQEmhm AQErhm AQEuhm AQEwhm AQExhm AQEyhm",
    ),
    (mixed(token(WORD, 40, ANY)), "mercury_production_ mercury_sandbox_"),
    (mixed(token(URL64, 20, ANY)), "persona_production_ persona_sandbox_"),
    (
        drawn(token(URL64, 20, ANY)),
        "polar_at_ polar_oat_ polar_pat_ polar_rt_ polar_cs_ prf_ tss_ vtwn_",
    ),
    (mixed(key(URL64 | EQUALS, 30, ANY)), "secret-live- secret-test-"),
    (key(ANY_HEX, 40, 40), "shippo_live_ shippo_test_"),
    // Mail and messages.
    (key(ANY_HEX, 32, 32), "SK"),
    (mixed(key(DIGIT | LOWER, 32, 32)), "SK"),
    (mixed(token(URL64 | DOT | EQUALS, 33, ANY)), "SG."),
    (key(URL64, 60, ANY), "xkeysib- xsmtpsib-"),
    (mixed(key(ALNUM, 32, 32)), "key-"),
    (mixed(key(URL64, 22, 22)), "md-"),
    (drawn(key(WORD, 50, 60)), "KEY0"),
    (token(URL64, 60, ANY), "gcntfy-"),
    (mixed(token(BASE64, 40, ANY)), "dG9rO"),
    // Secrets and infrastructure.
    (token(URL64, 20, ANY), "hvs. hvb. hvr."),
    (mixed(token(ALNUM, 24, 24)), "s."),
    (token(URL64, 80, ANY), "b.AAAAAQ"),
    (
        token(ALNUM | DOT | UNDER | DASH, 40, ANY),
        "dp.pt. dp.st. dp.ct. dp.sa. dp.scim. dp.audit. dp.said.",
    ),
    (key(DIGIT | UPPER, 50, 64), "AGE-SECRET-KEY-1"),
    (key(DIGIT | UPPER, 50, ANY), "AGE-SECRET-KEY-PQ-1"),
    (token(BASE64 | URL64, 100, ANY), "ops_eyJ"),
    (mixed(key(DIGIT | UPPER | DASH, 30, 38)), "A3-"),
    (mixed(key(LOWER | DIGIT, 58, 58)), "nsec1"),
    (mixed(key(ALNUM, 100, 112)), "xprv9 xprvA"),
    (mixed(token(ALNUM | DOT, 70, ANY)), "dt0"),
    (mixed(key(URL64, 26, ANY)), "PMAK- PMAT-"),
    (mixed(key(DIGIT | UPPER, 25, 34)), "API-"),
    // Watching.
    (mixed(key(ALNUM, 27, 40)), "NRAK-"),
    (key(URL64, 19, 60), "NRJS- NRBR- NRII- NRIQ- NRRA- NRAA- NRSP-"),
    (token(BASE64 | URL64, 32, ANY), "glc_"),
    (token(URL64, 40, 44), "glsa_"),
    (token(BASE64, 40, ANY), "eyJrIjoi"),
    (token(BASE64 | UNDER | DASH, 40, ANY), "sntrys_"),
    (token(ANY_HEX, 60, 64), "sntryu_ sntrya_ sntryi_ rootly_ ATTA"),
    (token(URL64, 40, ANY), "phx_ phs_ pha_ phr_"),
    (mixed(key(WORD, 34, 40)), "ddapp_"),
    (mixed(key(DIGIT | UPPER, 20, ANY)), "DDRCM_"),
    (
        mixed(token(WORD | DASH, 57, ANY)),
        "pylf_v1_us_ pylf_v1_eu_ pylf_v2_us_ pylf_v2_eu_",
    ),
    (token(ALNUM, 20, ANY), "pylf_v1_us_ pylf_v1_eu_ pylf_v2_us_ pylf_v2_eu_"),
    (
        mixed(token(HEX | DASH, 36, 36)),
        "sdk- mob- waka_ RGAPI- pat-na1- pat-na2- pat-eu1- pat-ap1- xaat- xapt- ovsxat_ ovsxp_",
    ),
    (drawn(token(ALNUM, 36, 64)), "waka_"),
    // With a letter beyond those of a UUID.
    (drawn(token(DIGIT | LOWER | DASH, 36, 36)), "RGAPI-"),
    // Language models and their kin.
    (
        token(URL64, 20, ANY),
        "sk-proj- sk-svcacct- sk-admin- sk-None- sk-ant- sk-or- sk-lf- tvly-",
    ),
    (mixed(token(ALNUM, 32, ANY)), "sk- csk- sess-"),
    (mixed(token(URL64, 48, 48)), "csk- csk_"),
    (
        mixed(token(DIGIT | LOWER | DASH, 28, 44)),
        "sk-helicone- sk-helicone-eu- sk-helicone-rl- sk-helicone-eu-rl- sk-helicone-proxy-",
    ),
    (mixed(token(URL64, 37, 37)), "r8_"),
    (mixed(token(URL64, 44, ANY)), "sk- xai- llx-"),
    (mixed(token(URL64, 30, ANY)), "pplx-"),
    (mixed(key(HEX, 48, 48)), "sk_"),
    // A UUID.
    (mixed(key(HEX | DASH, 36, 36)), "sk_ sk_sbox_"),
    (mixed(key(WORD, 20, 24)), "sk_car_"),
    (drawn(key(ALNUM, 80, ANY)), "sk"),
    (mixed(key(URL64, 36, ANY)), "ctx7sk-"),
    (drawn(key(URL64, 43, 43)), "nk-"),
    (mixed(token(HEX, 32, 32)), "ls__"),
    (mixed(token(ALNUM, 30, ANY)), "apify_api_ xau_"),
    (mixed(token(URL64, 43, 43)), "lbx_ rma_"),
    (mixed(token(ALNUM, 30, ANY)), "gsk_ r8_ hf_ api_org_ jina_"),
    (mixed(token(HEX, 32, 32)), "fc-"),
    (mixed(token(HEX, 40, 40)), "e2b_"),
    (mixed(token(HEX, 64, 64)), "key_ crsr_"),
    (mixed(token(HEX, 28, 28)), "key_"),
    (mixed(token(HEX, 128, 128)), "key_"),
    (mixed(token(ALNUM, 22, 26)), "fw_ esecret_"),
    (mixed(token(ALNUM, 20, 26)), "tr_dev_ tr_prod_"),
    (drawn(token(URL64, 28, 44)), "m0-"),
    // Of letters only, by their length.
    (token(ALNUM, 34, 34), "hf_ api_org_"),
    (
        mixed(token(WORD | DASH, 40, ANY)),
        "pcsk_ lsv2_pt_ lsv2_sk_ nvapi- tgp_v1_ wandb_v1_",
    ),
    (drawn(token(URL64, 20, 40)), "xai-"),
    // Work.
    (token(ALNUM, 32, ANY), "lin_api_ lin_oauth_ lin_wh_"),
    (mixed(token(ALNUM, 40, 60)), "ntn_ secret_"),
    (token(URL64 | DOT | EQUALS, 36, ANY), "tfp_ figd_ figdr_ figdh_ figo_"),
    (mixed(token(URL64, 24, ANY)), "CFPAT-"),
    (mixed(token(URL64 | DOT | EQUALS, 76, ANY)), "sl."),
    (token(URL64 | DOT, 40, ANY), "sk.eyJ sk.eyj"),
    (token(ALNUM, 60, ANY), "rdme_"),
    (mixed(token(ALNUM, 26, 40)), "aio_ p8e- ico- BBFF- BBUS-"),
    (
        token(URL64 | EQUALS, 36, ANY),
        "tk-us- tk-eu- fio-u- nyk_v0_ dnkey- SWMTKN-",
    ),
    (mixed(token(ANY_HEX, 32, 32)), "cosmo_"),
    (
        mixed(token(URL64 | DOT | PLUS | SLASH | EQUALS, 60, ANY)),
        "authress_ scauth_",
    ),
    (mixed(token(URL64 | DOT, 60, ANY)), "3MVG9"),
    (token(HEX, 64, 64), "s-s4t2ud- s-s4t2af-"),
    (mixed(token(ALNUM, 16, 16)), "sm_aat_ sm_pat_ sm_sat_"),
    (mixed(token(WORD, 16, ANY)), "lip_ zpka_"),
    (mixed(token(WORD, 60, ANY)), "nyk_"),
    (mixed(token(URL64, 40, ANY)), "mergify_application_key_"),
    (mixed(token(DIGIT | UPPER | UNDER, 38, 48)), "pk_"),
    (mixed(token(WORD, 33, 33)), "re_"),
    (
        mixed(token(URL64, 20, ANY)),
        "aact_ pina_ prf_cli_ api_live. api_live_us. api_live_ca.",
    ),
    (mixed(token(URL64, 51, 51)), "cnvca"),
    (mixed(token(URL64, 43, 43)), "pa- al-"),
    (mixed(token(URL64, 27, 33)), "BSA"),
    (mixed(token(URL64 | DOT, 30, ANY)), "eyJtaXJv"),
    (behind(37, token(0, 0, 0)), "mmk"),
    // Those of one service each, under a prefix that is short: they must look drawn by chance.
    (
        drawn(token(ALNUM, 20, 60)),
        "dub_ mint_ mint_dsc_ skapi_cert_ skapi_prod_",
    ),
    (drawn(token(URL64, 20, 24)), "ak_ ck_ oak_ uak_"),
    (mixed(token(URL64, 20, 20)), "oak_"),
    (mixed(token(URL64, 43, 43)), "uak_"),
    (mixed(token(ALNUM, 36, 40)), "ctp_"),
    (drawn(token(URL64, 40, 48)), "bu_"),
    (drawn(token(ALNUM, 29, 29)), "db-"),
    (drawn(token(DIGIT | LOWER, 20, 20)), "v2."),
    (drawn(token(DIGIT | LOWER, 32, 32)), "pts_"),
    (drawn(token(DIGIT | UPPER, 28, 28)), "ts_"),
    (drawn(key(URL64, 37, 40)), "fnA"),
    (drawn(key(URL64, 36, 80)), "fnAE fnAC fnAD fnAF"),
    (drawn(token(URL64, 20, 35)), "figd_"),
    (drawn(token(ALNUM, 32, 64)), "fc- ser. fpt_ hanko_ flipt_"),
    (drawn(token(URL64, 30, 90)), "fpt_ hanko_ rootly- xau_ lsv2_"),
    (drawn(token(ALNUM, 20, 48)), "xapt- xaat- cs_"),
    (mixed(token(HEX, 64, 64)), "ddn_ ddc_"),
    (
        mixed(token(HEX | DASH, 36, 36)),
        "sk- link-production- link-sandbox- sec-c- sub-c-",
    ),
    (mixed(key(HEX, 32, 32)), "R_"),
    (mixed(token(ALNUM, 54, 54)), "midi-662b69edd2"),
    (mixed(key(DIGIT | UPPER, 16, 16)), "LSIA LKIA"),
    (mixed(token(HEX, 34, 34)), "pk_"),
    (mixed(key(HEX, 32, 32)), "bpk- sk_"),
    (mixed(key(DIGIT | AF_UPPER, 32, 32)), "api-"),
    (drawn(key(ALNUM, 18, 40)), "testsk_ skey_test_ skey_live_"),
    (drawn(token(URL64, 30, 80)), "tsec_"),
    (mixed(token(URL64 | DOT, 80, 200)), "ory_at_ ory_rt_ ory_ac_"),
    (
        drawn(token(ALNUM, 20, 60)),
        "mik_ mis_ gs_appsweep_ ory_wak_ ory_st_ ory_at_ ory_rt_ ory_ac_",
    ),
    (drawn(token(ALNUM, 30, 64)), "NF- api_sandbox. salad_cloud_user_"),
    (drawn(token(ALNUM, 32, 34)), "o."),
    (drawn(token(WORD, 26, 40)), "seam_test seam_live"),
    (drawn(token(DIGIT | LOWER, 48, 60)), "tgpak_ tgpat_"),
    (mixed(token(DIGIT | LOWER, 26, 26)), "ajkey_"),
    (mixed(token(ALNUM, 20, 40)), "k2sk_v1_"),
    (mixed(token(DIGIT | UPPER | DASH, 30, 40)), "MINIMAX-"),
    (mixed(token(HEX, 64, 64)), "org_ STAGE_ PRODUCTION_"),
    (mixed(token(HEX, 32, 32)), "ES_"),
    (mixed(key(HEX | DASH, 36, 36)), "sk_test_ sk_live_"),
    (mixed(token(ALNUM | DOT | DASH, 60, ANY)), "b10ck5."),
    (mixed(token(ALNUM | COLON, 80, ANY)), "tmc1"),
    (mixed(token(HEX, 32, 32)), "dose dkea"),
    (mixed(token(HEX, 64, 128)), "aks_ hxtp_ hxtw_"),
    (mixed(token(HEX | DASH, 31, 36)), "rh-api- ai71-api- isat_ PRD- SBX-"),
    (mixed(token(HEX | DASH, 60, 90)), "APP_USR- TEST-"),
    (mixed(token(DIGIT | UPPER | DASH, 40, 70)), "1PRK-"),
    (mixed(token(ALNUM | DOT, 32, ANY)), "cpk_ VF.DM. VF.WS."),
    (mixed(token(URL64, 60, ANY)), "sct_ vk1.a."),
    // Older social networks.
    (mixed(token(ALNUM, 80, ANY)), "EAA"),
    (token(ALNUM, 1, ANY), "EAACEdEose0cBA"),
    (token(URL64 | EQUALS, 60, ANY), "IGQVJ IGQW"),
    (mixed(token(ALNUM | PERCENT | EQUALS, 60, ANY)), "AAAAAAAAAAAAAAAAAAAAA"),
    // Forms of keys that are the same everywhere. NATS seeds; PASETO tokens and keys; NTLM messages.
    // Fernet, as the tokens of OpenStack are.
    (mixed(token(URL64 | EQUALS, 60, ANY)), "gAAAAAB"),
    (mixed(key(DIGIT | UPPER, 56, 56)), "SA SC SN SO SP SU SX"),
    (
        token(URL64 | DOT, 40, ANY),
        "v1.local. v2.local. v3.local. v4.local. v1.public. v2.public. v3.public. v4.public.",
    ),
    (
        drawn(token(URL64 | DOT, 15, 40)),
        "v1.local. v2.local. v3.local. v4.local. v1.public. v2.public. v3.public. v4.public.",
    ),
    (
        key(URL64, 15, ANY),
        "k1.local. k2.local. k3.local. k4.local. k1.secret. k2.secret. k3.secret. k4.secret. \
         k1.local-pw. k2.local-pw. k3.local-pw. k4.local-pw. k1.secret-pw. k2.secret-pw. k3.secret-pw. k4.secret-pw.",
    ),
    (token(BASE64, 20, ANY), "TlRMTVNTUAA"),
    // SPNEGO and Kerberos, as GSS-API frames them.
    (mixed(token(BASE64, 60, ANY)), "YII"),
    // Private keys in base64: PEM once more encoded, as Kubernetes keeps them. Certificates and public keys begin otherwise.
    (
        Rule {
            class: Class::Pem,
            ..key(BASE64, 40, ANY)
        },
        "LS0tLS1CRUdJTiBSU0Eg LS0tLS1CRUdJTiBQUklWQVRF LS0tLS1CRUdJTiBFQyBQ LS0tLS1CRUdJTiBPUEVOU1NI \
         LS0tLS1CRUdJTiBFTkNSWVBURUQg LS0tLS1CRUdJTiBEU0Eg LS0tLS1CRUdJTiBQR1AgUFJJ",
    ),
    // A JSON web token once more encoded.
    (token(BASE64 | URL64, 60, ANY), "ZXlK"),
];
