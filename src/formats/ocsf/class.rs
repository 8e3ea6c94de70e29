//! The OCSF classes that records become, as OCSF 1.8.0 defines them (schema.ocsf.io/1.8.0/classes).

/// A class, as far as records need it.
#[derive(Debug)]
pub(crate) struct Class {
    pub(crate) uid: u32,
    pub(crate) caption: &'static str,
    /// Number and caption.
    pub(crate) category: (u32, &'static str),
    /// Numbers and captions of the activities, `Unknown` and `Other` apart.
    pub(crate) activities: &'static [(u16, &'static str)],
    /// Which activity a request's method is, where the class goes by it.
    pub(crate) by_method: Option<fn(&str) -> u16>,
    /// The attributes that a record may fill and that not every class has.
    pub(crate) has: &'static [Attribute],
}

/// What stands in `activity_id`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Activity {
    /// Its number, and its caption or, of a type of somebody's own, nothing.
    Known(u16, &'static str),
    /// By the request's method.
    ByMethod,
}

/// An attribute of some classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attribute {
    /// `actor`, without the profile `host`.
    Actor,
    /// `device`, without the profile `host`.
    Device,
    /// `src_endpoint`.
    Source,
    /// `http_request` and `http_response`.
    Http,
    /// `trace`, with the profile `trace`.
    Trace,
    /// `auth_factors`.
    Factors,
}

use Attribute::{Actor, Device, Factors, Http, Source, Trace};

const SYSTEM: (u32, &str) = (1, "System Activity");
const FINDINGS: (u32, &str) = (2, "Findings");
const IAM: (u32, &str) = (3, "Identity & Access Management");
const NETWORK: (u32, &str) = (4, "Network Activity");
const APPLICATION: (u32, &str) = (6, "Application Activity");

pub(crate) static BASE_EVENT: Class = Class {
    uid: 0,
    caption: "Base Event",
    category: (0, "Uncategorized"),
    activities: &[],
    by_method: None,
    has: &[],
};

pub(crate) static FILE_ACTIVITY: Class = Class {
    uid: 1001,
    caption: "File System Activity",
    category: SYSTEM,
    activities: &[(1, "Create"), (2, "Read"), (3, "Update"), (4, "Delete")],
    by_method: None,
    has: &[Actor, Device],
};

pub(crate) static EVENT_LOG: Class = Class {
    uid: 1008,
    caption: "Event Log Activity",
    category: SYSTEM,
    activities: &[(2, "Delete"), (3, "Export"), (5, "Rotate"), (6, "Start"), (7, "Stop")],
    by_method: None,
    has: &[Actor, Device, Source],
};

pub(crate) static DETECTION_FINDING: Class = Class {
    uid: 2004,
    caption: "Detection Finding",
    category: FINDINGS,
    activities: &[(1, "Create"), (2, "Update"), (3, "Close")],
    by_method: None,
    has: &[Device],
};

pub(crate) static ACCOUNT_CHANGE: Class = Class {
    uid: 3001,
    caption: "Account Change",
    category: IAM,
    activities: &[
        (1, "Create"),
        (2, "Enable"),
        (3, "Password Change"),
        (5, "Disable"),
        (6, "Delete"),
        (9, "Lock"),
        (10, "MFA Factor Enable"),
        (11, "MFA Factor Disable"),
    ],
    by_method: None,
    has: &[Actor, Source, Http, Factors],
};

pub(crate) static AUTHENTICATION: Class = Class {
    uid: 3002,
    caption: "Authentication",
    category: IAM,
    activities: &[(1, "Logon"), (2, "Logoff"), (5, "Service Ticket Renew")],
    by_method: None,
    has: &[Actor, Source, Http, Factors],
};

pub(crate) static ENTITY_MANAGEMENT: Class = Class {
    uid: 3004,
    caption: "Entity Management",
    category: IAM,
    activities: &[(3, "Update")],
    by_method: None,
    has: &[Actor, Source, Http],
};

pub(crate) static HTTP_ACTIVITY: Class = Class {
    uid: 4002,
    caption: "HTTP Activity",
    category: NETWORK,
    activities: &[
        (1, "Connect"),
        (2, "Delete"),
        (3, "Get"),
        (4, "Head"),
        (5, "Options"),
        (6, "Post"),
        (7, "Put"),
        (8, "Trace"),
        (9, "Patch"),
    ],
    by_method: Some(|method| match method {
        "CONNECT" => 1,
        "DELETE" => 2,
        "GET" => 3,
        "HEAD" => 4,
        "OPTIONS" => 5,
        "POST" => 6,
        "PUT" => 7,
        "TRACE" => 8,
        "PATCH" => 9,
        "" => 0,
        _ => 99,
    }),
    has: &[Source, Http, Trace],
};

pub(crate) static WEB_RESOURCES: Class = Class {
    uid: 6001,
    caption: "Web Resources Activity",
    category: APPLICATION,
    activities: &[(7, "Export")],
    by_method: None,
    has: &[Source, Http],
};

pub(crate) static APPLICATION_LIFECYCLE: Class = Class {
    uid: 6002,
    caption: "Application Lifecycle",
    category: APPLICATION,
    activities: &[(3, "Start"), (4, "Stop"), (8, "Update")],
    by_method: None,
    has: &[],
};

pub(crate) static API_ACTIVITY: Class = Class {
    uid: 6003,
    caption: "API Activity",
    category: APPLICATION,
    activities: &[(1, "Create"), (2, "Read"), (3, "Update"), (4, "Delete")],
    by_method: Some(|method| match method {
        "POST" => 1,
        "GET" | "HEAD" => 2,
        "PUT" | "PATCH" => 3,
        "DELETE" => 4,
        "" => 0,
        _ => 99,
    }),
    has: &[Actor, Source, Http, Trace],
};

pub(crate) static FILE_HOSTING: Class = Class {
    uid: 6006,
    caption: "File Hosting Activity",
    category: APPLICATION,
    activities: &[(1, "Upload")],
    by_method: None,
    has: &[Actor, Source, Http],
};

pub(crate) static APPLICATION_ERROR: Class = Class {
    uid: 6008,
    caption: "Application Error",
    category: APPLICATION,
    activities: &[(1, "General Error")],
    by_method: None,
    has: &[],
};

impl Class {
    pub(crate) fn has(&self, attribute: Attribute) -> bool {
        self.has.contains(&attribute)
    }

    /// The caption of an activity that has a number of its own.
    pub(crate) fn activity(&self, id: u16) -> Option<&'static str> {
        let found = self.activities.iter().find(|(known, _)| *known == id);
        found.map(|(_, caption)| *caption)
    }
}
