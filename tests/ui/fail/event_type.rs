use tracing_audit::audit;

fn main() {
    let event = "AUTH_LOGIN";
    audit!(event);
    audit!(7, user.id = 7);
}
