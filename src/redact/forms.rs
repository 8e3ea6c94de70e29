//! The forms in which protocols, commands, links and documents carry a secret, each with look-alikes that stay as they are.

use super::drawn::{ALNUM, HEX, body};
use super::notations::check;
use super::samples::shown;

#[test]
fn the_private_members_of_a_web_key_go_and_the_public_stay() {
    check(
        r#"
{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gH","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7","kid":"1"}¦{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gH","d":"[redacted]","kid":"1"}
{"d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7","kty":"OKP"}¦{"d":"[redacted]","kty":"OKP"}
{"keys":[{"kty":"oct","k":"GawgguFyGrWKav7AX4VKUg"},{"k":"GawgguFyGrWKav7AX4VKUg"}]}¦{"keys":[{"kty":"oct","k":"[redacted]"},{"k":"GawgguFyGrWKav7AX4VKUg"}]}
{"n":"0vx7agoebGcQSuuPiLJXZptN","p":"83i7IvMGXoMXCskv73TKr863","q":"3dfOR9cuYq0SmkFLzgItgMEf","dp":"G4sPXkc6Ya9y8oJW9ILj4aaa","dq":"s9lAH9fggBsoFR8Oac2REaaa","qi":"GyMp6JrXySiz1toFgKbWVaaa","kty":"RSA"}¦{"n":"0vx7agoebGcQSuuPiLJXZptN","p":"[redacted]","q":"[redacted]","dp":"[redacted]","dq":"[redacted]","qi":"[redacted]","kty":"RSA"}
{"body":"{\"kty\":\"oct\",\"k\":\"GawgguFyGrWKav7AX4VKUg\"}"}¦{"body":"{\"kty\":\"oct\",\"k\":\"[redacted]\"}"}
{"kty":"oct","k":"short"}¦
{"d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7","type":"EC"}¦
{"p":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7"},{"kty":"RSA"}¦
{"q":"books about kty and more of it","kty":"RSA"}¦
"#,
    );
}

#[test]
fn what_is_said_of_a_password_names_it() {
    check(
        r#"
password is: hunter2¦password is: [redacted]
the password is: letmein¦the password is: [redacted]
the password is hunter2, he wrote: ok¦the password is [redacted], he wrote: ok
note: the password was hunter2, says ann¦note: the password was [redacted], says ann
ok: password set to hunter2 by ann¦ok: password set to [redacted] by ann
ok: the password has been changed to hunter2¦ok: the password has been changed to [redacted]
ok: password length set to 12chars¦
login with password hunter2¦login with password [redacted]
Login of bob failed with password: hunter2¦Login of bob failed with password: [redacted]
login with PASSWORD: "hunter2"¦login with PASSWORD: "[redacted]"
login with password : letmein¦login with password : [redacted]
access denied for root using password: hunter2¦access denied for root using password: [redacted]
requires password: hunter2¦requires password: [redacted]
with api key: 8f14e45fceea167a5a36dedd4bea2543¦with api key: [redacted]
connected using token: 8f14e45fceea167a5a36dedd4bea2543¦connected using token: [redacted]
denied for 'root'@'localhost' (using password: YES)¦
has password: true, has token: false¦
max token: 4096, min password: 12¦
valid password: at least 8 chars¦
uses token: bucket algorithm¦
the password is hunter2 for bob¦the password is [redacted] for bob
user bob set the password to hunter2¦user bob set the password to [redacted]
bob changed root password to hunter2 at noon¦bob changed root password to [redacted] at noon
password reset requested by admin of host 12¦
the password of user bob42 was changed by root¦
Accepted password for bob from 203.0.113.7 port 22 ssh2¦
mailed the reset of a password to user42 at noon¦
password verified with argon2id in 12ms¦
bad password length 8chars minimum is 12chars¦
answer swapped on sw1 and sw22¦
ok: password was reset at 2026-11-28T12:00:00Z¦
ok: password reset to /home/bob/x1¦
ok: the token_count was 42times¦
token          = 1*tchar¦
password is "hunter2" now¦password is "[redacted]" now
wrong password "hunter2" for bob¦wrong password "[redacted]" for bob
invalid password 'letmein'¦invalid password '[redacted]'
password 'Tr0ub4dor' was refused¦password '[redacted]' was refused
password is: required¦
password is: at least 8 characters¦
the token is: missing¦
the password is sha256 hashed: yes¦
the secret is: not set¦
password "policy" not met¦
invalid password "db.password"¦
unexpected token "else1" in x;¦
secret "my-app-v2" not found: 404¦
"#,
    );
}

#[test]
fn the_words_of_a_mnemonic_all_go() {
    let words = "legal winner thank year wave sausage worth useful legal winner thank yellow";
    for text in [
        "mnemonic: {}",
        "mnemonic={}",
        "mnemonic {}",
        "seed phrase: {}",
        "seed: {}",
        "words={}&x=1",
        "{\"phrase\":\"{}\"}",
    ] {
        let expected = text.replace("{}", "[redacted]");
        assert_eq!(shown(&text.replace("{}", words)), expected);
    }
    for text in [
        "words: the report was sent to three of five readers who had not asked for one",
        "seed: 42",
        "phrase: to be or not to be",
        "mnemonic of the opcode that the assembler prints",
    ] {
        assert_eq!(shown(text), text);
    }
}

/// The first bytes of a DER encoding, and more that could be any.
fn der(head: &[u8]) -> String {
    const SET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let all: Vec<u8> = head
        .iter()
        .copied()
        .chain((0..240u8).map(|k| k.wrapping_mul(37) ^ 0x5A))
        .collect();
    all.chunks_exact(3)
        .flat_map(|three| {
            let all = u32::from_be_bytes([0, three[0], three[1], three[2]]);
            [18, 12, 6, 0].map(|shift| char::from(SET[(all >> shift & 63) as usize]))
        })
        .collect()
}

#[test]
fn a_private_key_without_its_markers_goes_with_all_its_lines() {
    let private: [&[u8]; 8] = [
        // RSA, PKCS #8, elliptic, Ed25519, DSA.
        &[0x30, 0x82, 4, 0xA4, 2, 1, 0, 2, 0x82, 1, 1],
        &[0x30, 0x82, 4, 0xBD, 2, 1, 0, 0x30, 13, 6, 9, 0x2A],
        &[0x30, 0x77, 2, 1, 1, 4, 32],
        &[0x30, 0x2E, 2, 1, 0, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70],
        &[0x30, 0x82, 1, 0xBB, 2, 1, 0, 2, 0x81, 0x81],
        // Encrypted, by PKCS #5 and #12, and a store.
        &[
            0x30, 0x82, 5, 0x2D, 0x30, 0x57, 6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 13, 1, 5, 13,
        ],
        &[
            0x30, 0x82, 4, 0xEE, 0x30, 0x28, 6, 10, 0x2A, 0x86, 0x48, 0x86, 0xF7, 13, 1, 12, 1, 3,
        ],
        &[0x30, 0x82, 9, 0x3B, 2, 1, 3, 0x30, 0x82, 9, 1, 6, 9],
    ];
    let public: [&[u8]; 6] = [
        // A certificate, a request, public keys, a signature, a request for a time stamp.
        &[0x30, 0x82, 3, 5, 0x30, 0x82, 1, 0xED, 0xA0, 3, 2, 1, 2],
        &[0x30, 0x82, 2, 0x51, 0x30, 0x82, 1, 0x39, 2, 1, 0, 0x30],
        &[
            0x30, 0x82, 1, 0x22, 0x30, 13, 6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 13, 1, 1, 1,
        ],
        &[0x30, 0x82, 1, 10, 2, 0x82, 1, 1, 0],
        &[0x30, 0x45, 2, 0x21, 0],
        &[0x30, 0x43, 2, 1, 1, 0x30, 0x31, 0x30, 13, 6, 9],
    ];
    let folded = |text: &str, end: &str| {
        let lines: Vec<_> = text
            .as_bytes()
            .chunks(64)
            .map(|line| std::str::from_utf8(line).unwrap())
            .collect();
        lines.join(end)
    };
    for end in ["", "\n", "\r\n", "\\n", "\n  "] {
        for head in private {
            let text = folded(&der(head), end);
            assert_eq!(
                shown(&format!("read {text} today")),
                "read [redacted] today",
                "{head:?}"
            );
        }
        for head in public {
            let text = folded(&der(head), end);
            assert_eq!(shown(&text), text, "{head:?}");
        }
    }
    // What is left of a block when its beginning is cut off.
    let cut = folded(&body(ALNUM, 200, 7), "\n");
    let marker = concat!("-----END RSA PRIVATE", " KEY-----");
    assert_eq!(
        shown(&format!("{cut}\n{marker}\nok")),
        format!("[redacted]\n{marker}\nok")
    );
    let certificate = format!("{cut}\n-----END CERTIFICATE-----\nok");
    assert_eq!(shown(&certificate), certificate);
    assert_eq!(shown(&format!("done\n{marker}")), format!("done\n{marker}"));
    // OpenSSH.
    let ssh = format!(
        "{}{}",
        concat!("b3BlbnNzaC1r", "ZXktdjE"),
        folded(&body(ALNUM, 150, 3), "")
    );
    assert_eq!(shown(&folded(&ssh, "\n")), "[redacted]");
}

#[test]
fn what_a_client_says_to_a_server_goes() {
    check(
        r#"
USER bob␍␤PASS hunter2␍␤¦USER bob␍␤PASS [redacted]␍␤
USER bob\r\nPASS letmein\r\n¦USER bob\r\nPASS [redacted]\r\n
PASS s3cr3t!¦PASS [redacted]
> PASS hunter2¦> PASS [redacted]
ftp command: PASS hunter2¦ftp command: PASS [redacted]
AUTH PLAIN AGJvYgBodW50ZXIy¦AUTH PLAIN [redacted]
C: AUTH LOGIN Ym9i¦C: AUTH LOGIN [redacted]
a1 AUTHENTICATE PLAIN AGJvYgBodW50ZXIy¦a1 AUTHENTICATE PLAIN [redacted]
334 UGFzc3dvcmQ6␍␤aHVudGVyMg==␍␤235 ok¦334 UGFzc3dvcmQ6␍␤[redacted]␍␤235 ok
S: 334 UGFzc3dvcmQ6␤C: aHVudGVyMg==␤¦S: 334 UGFzc3dvcmQ6␤C: [redacted]␤
AUTH hunter2secret¦AUTH [redacted]
127.0.0.1:6379> AUTH letmein¦127.0.0.1:6379> AUTH [redacted]
127.0.0.1:6379> AUTH bob letmein¦127.0.0.1:6379> AUTH bob [redacted]
[0 127.0.0.1:60866] "AUTH" "letmein"¦[0 127.0.0.1:60866] "AUTH" "[redacted]"
[0 127.0.0.1:60866] "AUTH" "bob" "letmein"¦[0 127.0.0.1:60866] "AUTH" "bob" "[redacted]"
*2␍␤$4␍␤AUTH␍␤$7␍␤letmein␍␤¦*2␍␤$4␍␤AUTH␍␤$7␍␤[redacted]␍␤
*3␍␤$4␍␤AUTH␍␤$3␍␤bob␍␤$7␍␤letmein␍␤¦*3␍␤$4␍␤AUTH␍␤$3␍␤bob␍␤$7␍␤[redacted]␍␤
requirepass foobared¦requirepass [redacted]
port 6379␤requirepass "foo bar"␤masterauth foobared␤¦port 6379␤requirepass "[redacted]"␤masterauth [redacted]␤
h:6379> CONFIG SET requirepass foobared¦h:6379> CONFIG SET requirepass [redacted]
uri ldap://h␤bindpw letmein␤¦uri ldap://h␤bindpw [redacted]␤
password hunter22¦password [redacted]
enable␤username bob privilege 15 password 7 0822455D0A16¦enable␤username bob privilege 15 password 7 [redacted]
Negotiate YIIJvwYGKwYBBQUCoIIJszCCCa+gMDAuBgkqhkiC9xIBAgIGCSqGSIb3EgECAgYKKwYBBAGC¦Negotiate [redacted]
SSWS 00QCjAl4MlVa1WPXM1ABCDEF¦SSWS [redacted]
Authorization: SSWS 00QCjAl4MlVa1WPXM1ABCDEF¦Authorization: SSWS [redacted]
AUTH LOGIN␍␤334 VXNlcm5hbWU6␍␤Ym9i␍␤¦
AUTH failed¦
ERR AUTH called without any password¦
AUTH LOGIN succeeded¦
250-AUTH PLAIN LOGIN␍␤250 OK␍␤¦
tests: PASS 12 of 13¦
PASS src/app.test.js¦
PASS src/app.test.js␤PASS lib/b2.spec.ts␤Tests: 2 passed¦
PASS TestLogin2¦
PASS test_login_2¦
--- PASS: TestParse (0.00s)␤PASS␤ok  pkg 0.1s¦
requirepass is set¦
no requirepass directive: open¦
password expired¦
password reset email¦
password 8 characters: at least¦
password policy: strong¦
Negotiate: done¦
negotiate better terms for the year 2024¦
"#,
    );
}

#[test]
fn the_token_in_the_path_of_a_link_goes() {
    for seed in 1..30 {
        let hex = body(HEX, 32, seed);
        let uuid = format!(
            "{}-{}-{}-{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..]
        );
        for token in [hex.clone(), body(ALNUM, 24, seed), uuid] {
            for text in [
                "https://h/reset-password/{}",
                "GET /users/password/reset/{} HTTP/1.1"
                    .replace("password/reset", "reset_password")
                    .as_str(),
                "/auth/magic-link/{}?next=%2F",
                "{\"url\":\"https://h/invite/{}\"}",
                "mail sent: https://h/verify-email/42/{}.",
            ] {
                assert_eq!(shown(&text.replace("{}", &token)), text.replace("{}", "[redacted]"));
            }
        }
    }
    check(
        r#"
https://h/reset/MQ/c7d8e9f0a1b2c3d4e5f6a7b8/¦https://h/reset/MQ/[redacted]/
https://h/activate/c7d8e9f0a1b2c3d4e5f6a7b8¦https://h/activate/[redacted]
https://h/reset-password/success¦
https://h/reset-password/how-to-choose-a-good-one-2024¦
https://h/verify/550e8400-e29b-41d4-a716-446655440000¦
https://h/invitations/550e8400-e29b-41d4-a716-446655440000¦
https://h/commit/d670460b4b4aece5915caf5c68d12f560a9fe3e4¦
https://h/confirm/ORD-2024-000123456789¦
https://h/invite/accept?x=1¦
https://chat.h/hooks/c7d8e9f0a1b2c3d4e5f6a7b8c9¦https://chat.h/hooks/[redacted]
https://h/hooks/github-push-received¦
https://h/hooks/550e8400-e29b-41d4-a716-446655440000¦
https://h/assets/reset/bundle-c7d8e9f0a1b2c3d4.js¦
/api/v1/tokens/42/usage¦
/blog/reset/2024-05-06-meeting-notes¦
"#,
    );
}

#[test]
fn a_code_beside_a_state_goes() {
    check(
        r#"
https://h/cb?code=SplxlOBeZQQYbYS6WxSbIA&state=xyz¦https://h/cb?code=[redacted]&state=xyz
/cb?state=af0ifjsldkj&code=4/0AX4XfWjE9Zk3m2¦/cb?state=af0ifjsldkj&code=[redacted]
grant_type=authorization_code&code=a1b2c3d4e5&x=1¦grant_type=authorization_code&code=[redacted]&x=1
{"code":"SplxlOBeZQQYbYS6WxSbIA","state":"xyz"}¦{"code":"[redacted]","state":"xyz"}
https://h/shop?code=SUMMER2024&state=CA¦
https://h/x?code=404&state=abcdefgh¦
{"code":"E1234","state":"open"}¦
{"code":"ERR_SOCKET_HANG_UP_2","detail":"a state of things"}¦
/x?zip_code=a1b2c3d4e5f6a7b8&state=abcdefgh¦
"#,
    );
}

#[test]
fn a_sign_behind_a_tab_stays() {
    for (text, clean) in [
        ("password\t:!A", "password\t:[redacted]"),
        ("password\t= !A", "password\t= [redacted]"),
    ] {
        assert_eq!(shown(text), clean);
        assert_eq!(shown(clean), clean);
    }
}

#[test]
fn commands_take_passwords_in_ways_of_their_own() {
    check(
        r#"
keytool -genkey -storepass changeit -keypass letmein -alias x¦keytool -genkey -storepass [redacted] -keypass [redacted] -alias x
keytool -importkeystore -srcstorepass changeit -deststorepass letmein¦keytool -importkeystore -srcstorepass [redacted] -deststorepass [redacted]
openssl enc -aes-256-cbc -k letmein -in x¦openssl enc -aes-256-cbc -k [redacted] -in x
openssl req -new -key server.key -out x -keyout y¦
echo letmein | docker login -u bob --password-stdin¦echo [redacted] | docker login -u bob --password-stdin
echo -n "letmein" | sudo -S ls¦echo -n "[redacted]" | sudo -S ls
echo 'bob:letmein' | chpasswd¦echo 'bob:[redacted]' | chpasswd
echo "$PW" | docker login -u bob --password-stdin¦
cat pw.txt | docker login -u bob --password-stdin¦
echo letmein | wc -l¦
rar a -pletmein x.rar y¦rar a -p[redacted] x.rar y
aws configure set aws_secret_access_key KdZxQwt/9KQAwrL2ZYdDJPNG1PQjYxMX7tBv2sTe¦aws configure set aws_secret_access_key [redacted]
aws configure set aws_secret_access_key ~/.config/keys/of/the/production/account¦
htpasswd -b /etc/h bob letmein¦htpasswd -b /etc/h bob [redacted]
ran: htpasswd -nbB bob letmein | tee x¦ran: htpasswd -nbB bob [redacted] | tee x
smbclient //h/share -U bob%letmein -c ls¦smbclient //h/share -U bob%[redacted] -c ls
ldapsearch -x -D cn=admin -w letmein -b dc=x¦ldapsearch -x -D cn=admin -w [redacted] -b dc=x
$p = ConvertTo-SecureString "let me in" -AsPlainText -Force¦$p = ConvertTo-SecureString "[redacted]" -AsPlainText -Force
ConvertTo-SecureString $env:PW -AsPlainText -Force¦
Format-Text "let me in" -AsPlainText¦
redis-cli -h h -a letmein ping¦redis-cli -h h -a [redacted] ping
"redis-cli" "-a" "letmein"¦"redis-cli" "-a" "[redacted]"
"redis-cli" "-aletmein" "ping"¦"redis-cli" "-a[redacted]" "ping"
"curl" "-u" "bob:let me in" "https://h"¦"curl" "-u" "bob:[redacted]" "https://h"
"/usr/bin/docker" "login" "-u" "bob" "-p" "letmein"¦"/usr/bin/docker" "login" "-u" "bob" "-p" "[redacted]"
"keytool" "-storepass" "letmein" "-list"¦"keytool" "-storepass" "[redacted]" "-list"
"smbclient" "-U" "bob%letmein"¦"smbclient" "-U" "bob%[redacted]"
{"cmd":"\"redis-cli\" \"-a\" \"letmein\""}¦{"cmd":"\"redis-cli\" \"-a\" \"[redacted]\""}
docker login --password-stdin <<< "letmein"¦docker login --password-stdin <<< "[redacted]"
docker login --password-stdin <<< letmein¦docker login --password-stdin <<< [redacted]
printf '%s' 'letmein' | docker login --password-stdin¦printf '%s' '[redacted]' | docker login --password-stdin
echo 'let me in' | cryptsetup luksOpen /dev/x y¦echo '[redacted]' | cryptsetup luksOpen /dev/x y
docker login --password-stdin <<< "$PW"¦
"docker" "run" "-p" "8080:80" "nginx"¦
"ls" "-a" "letmein"¦
"sort" "-u" "a/b:c"¦
"redis-cli" "-a" "-h"¦
mongodump "-h" h -p 27018¦
openssl s_client -connect "h:443" -k host1¦
sqlcmd -S h -U sa -P 'let me in' -Q x¦sqlcmd -S h -U sa -P '[redacted]' -Q x
sqlplus scott/tiger@orcl¦sqlplus scott/[redacted]@orcl
CREATE USER bob IDENTIFIED BY letmein¦CREATE USER bob IDENTIFIED BY [redacted]
ALTER USER bob IDENTIFIED BY "letmein"¦ALTER USER bob IDENTIFIED BY "[redacted]"
ALTER USER 'bob'@'%' IDENTIFIED WITH mysql_native_password BY 'letmein'¦ALTER USER 'bob'@'%' IDENTIFIED WITH mysql_native_password BY '[redacted]'
ALTER USER bob IDENTIFIED WITH 'caching_sha2_password' AS '$A$005$x'¦ALTER USER bob IDENTIFIED WITH 'caching_sha2_password' AS '[redacted]'
usage: x [--password <PASSWORD>] [--token TOKEN]¦
  --password <PASSWORD>  The password to use¦
  --password string   the password¦
  -p, --password=<PASSWORD>    The password¦
the option --password is deprecated: use --token instead of it¦
mysql --password $MYSQL_PASSWORD --token ${TOKEN} x¦
htpasswd -c /etc/h bob -- see the manual¦
smbclient -L h -U bob¦
ls -w 80 -a x; grep -P 'a b' -w c¦
docker run -p 8080:80 -a stdin x -w /src¦
the user was identified by the system - twice¦
patients identified by their doctor -- see x¦
tar -P -cf x.tar y; cp -a b c¦
find . -path ./x -prune -name y¦
openssl s_client -cert client.pem -key k.pem -- x¦
"#,
    );
}

#[test]
fn a_key_is_known_by_what_stands_beside_it() {
    let token = body(HEX, 32, 5);
    let account = format!("AC{}", body(HEX, 32, 9));
    assert_eq!(shown(&format!("{account}:{token}")), format!("{account}:[redacted]"));
    assert_eq!(
        shown(&format!("sid {account} with {token}")),
        format!("sid {account} with [redacted]")
    );
    let push = format!("AAAA{}:{}", body(ALNUM, 7, 2), body(ALNUM, 140, 4));
    assert_eq!(shown(&format!("push {push} sent")), "push [redacted] sent");
    let number = body(HEX, 64, 8);
    assert_eq!(shown(&format!("key=0x{number} x")), "key=[redacted] x");
    for text in [
        format!("{account} {account}"),
        format!("{} {token}", &account[2..]),
        format!("tx=0x{number} block: 0x{number}"),
        format!("{{\"key\":\"0x{number}\",\"value\":\"0x1\"}}"),
        format!("cache_key=0x{number} public_key=0x{number} sort key: 0x{number}"),
        format!("key={number}"),
    ] {
        assert_eq!(shown(&text), text);
    }
    check(
        r#"
WIFI:S:MyNet;T:WPA;P:letmein12;;¦WIFI:S:MyNet;T:WPA;P:[redacted];;
WIFI:T:WPA;P:"let me";S:x;;¦WIFI:T:WPA;P:"[redacted]";S:x;;
password;hunter22¦password;[redacted]
id;password␤1;S␤2;T␤¦id;password␤1;[redacted]␤2;[redacted]␤
password ->hunter22¦password ->[redacted]
WIFI: S is on; P: 12 dBm¦
x;P:letmein12;;¦
password;email;name¦
secret ->value()¦
let password;␤let token;␤¦
"#,
    );
}

#[test]
fn what_only_speaks_of_a_secret_stays() {
    check(
        r#"
auth=success user=bob¦
auth: failed¦
auth=publickey¦
{"auth":"ok","authentication":"mfa"}¦
authentication: mfa¦
authentication method=password, auth=basic¦
password: (none)¦
password: (not set), token: <none>¦
password=${DB_PASSWORD} token=$TOKEN key: {{ api_key }}¦
{"password":"${DB_PASSWORD}","secret":"<your secret>"}¦
scope="token:read password:write"¦
{"scope":"token:read,write secret:*"}¦
struct Config { password: Option<String> }¦
struct Config { password: String, token: Option<SecretString> }¦
fn login(password: &str, token: &'static str, pin: u32) -> bool¦
interface A { password: string; token?: string | null }¦
def login(password: str = "", token: Optional[str] = None)¦
unlock_code_sent=true reset_code_sent_at=2024¦
bytes=4111111111111111 offset: 5105105105105100¦
{"nanos":4242424242424242,"count":"4012888888881881","request_id":5555555555554444}¦
auth=hunter2¦auth=[redacted]
auth=c2VjcmV0¦auth=[redacted]
pass=password¦pass=[redacted]
password: Option3¦password: [redacted]
password: $ecret12¦password: [redacted]
card_id=4111111111111111¦card_id=[redacted]
{"id":"4111111111111111"}¦{"id":"[redacted]"}
number=4111111111111111¦number=[redacted]
token:readme¦token:[redacted]
"#,
    );
}

#[test]
fn a_login_is_read_as_people_note_it() {
    check(
        r#"
id/pw: bob/Hunter22¦id/pw: [redacted]
ID/PW(bob/Hunter22)¦ID/PW(bob/[redacted])
see: id/pw bob/Hunter22¦see: id/pw bob/[redacted]
host=h user/pass -> bob Hunter22¦host=h user/pass -> bob [redacted]
h:22 bob pwd(Hunter22)¦h:22 bob pwd([redacted])
비밀번호(Hunter22) x¦비밀번호([redacted]) x
password(default:Hunter22)¦password(default:[redacted])
password for bob: Hunter22¦password for bob: [redacted]
ask: the pwd of bob is Hunter22.¦ask: the pwd of bob is [redacted].
user: bob password Hunter22¦user: bob password [redacted]
ssh bob@h (PW Hunter22)¦ssh bob@h (PW [redacted])
plink -pw Hunter22 bob@h¦plink -pw [redacted] bob@h
P/W: hunter22¦P/W: [redacted]
login/password page: ok¦
user/pass are required: both¦
pass/fail: 3/4¦
getPassword(user1) validatePassword(hash256)¦
passwd(5) crypt(3) pwd(1)¦
password(s): changed¦
[sudo] password for bob: ¦
Failed password for root from 10.0.0.1 port 22: twice¦
password for bob: incorrect¦
user: bob password sha256¦
user: bob changed password yesterday¦
"#,
    );
}

#[test]
fn the_data_of_a_secret_of_kubernetes_goes_whole() {
    check(
        r#"
{"kind":"Secret","metadata":{"name":"x"},"data":{"extra":"YWRtaW4=","b":"Yg=="},"type":"Opaque"}¦{"kind":"Secret","metadata":{"name":"x"},"data":"[redacted]","type":"Opaque"}
{"data":{"extra":"YWRtaW4="},"kind":"Secret"}¦{"data":"[redacted]","kind":"Secret"}
{"requestObject":"{\"kind\":\"Secret\",\"stringData\":{\"a\":\"b\"}}"}¦{"requestObject":"{\"kind\":\"Secret\",\"stringData\":\"[redacted]\"}"}
kind: Secret␤data:␤  extra: YWRtaW4=␤  b: Yg==␤type: Opaque¦kind: Secret␤data:␤  [redacted]␤type: Opaque
data:␤  x: |␤    YWRtaW4=␤kind: Secret¦data:␤  [redacted]␤kind: Secret
{"kind":"ConfigMap","data":{"extra":"YWRtaW4="}}¦
{"kind":"ExternalSecret","data":{"extra":"YWRtaW4="}}¦
{"kind":"SecretList","data":{"extra":"YWRtaW4="}}¦
kind: Pod␤data:␤  a: 1␤  secretKeyRef: {}¦
"#,
    );
}

#[test]
fn a_hash_of_a_password_is_known_by_its_build() {
    let (lm, nt) = (body(HEX, 32, 3), body(HEX, 32, 4));
    let salted = format!("{}=", body(ALNUM, 43, 6));
    for (text, expected) in [
        (format!("bob:1001:{lm}:{nt}:::"), "bob:1001:[redacted]:::"),
        (format!("stored {{SSHA}}{salted} now"), "stored [redacted] now"),
        (format!("h: pbkdf2_sha256$600000$abcdef${salted}"), "h: [redacted]"),
        (format!("h=pbkdf2:sha256:600000$abcdef${lm}"), "h=[redacted]"),
        (format!("scrypt:32768:8:1$abcdef${lm}{nt} x"), "[redacted] x"),
    ] {
        assert_eq!(shown(&text), expected);
    }
    for text in [
        format!("{lm}:{nt}"),
        format!("{lm}:{nt}::"),
        "pbkdf2_sha256$600000 rounds: slow".to_owned(),
        "scrypt: n=32768 r=8".to_owned(),
        "{SSHA} is: weak".to_owned(),
    ] {
        assert_eq!(shown(&text), text);
    }
}

#[test]
fn a_token_that_holds_its_number_is_told_from_other_base64() {
    const SET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let encoded = |text: &[u8]| -> String {
        text.chunks(3)
            .flat_map(|three| {
                let all = three.iter().fold(0u32, |all, b| all << 8 | u32::from(*b));
                [18, 12, 6, 0].map(|shift| char::from(SET[(all >> shift & 63) as usize]))
            })
            .collect()
    };
    for seed in 1..20u8 {
        let rest: Vec<u8> = (0..20u8).map(|k| k.wrapping_mul(91) ^ seed.wrapping_mul(53)).collect();
        let number = format!("{:012}", u64::from(seed) * 30_000_000_007);
        let token = encoded(&[number.as_bytes(), b":", &rest].concat());
        if !token.starts_with(['M', 'N', 'O']) {
            continue;
        }
        assert_eq!(shown(&format!("got '{token}'.")), "got '[redacted]'.");
        let other = encoded(&[number.as_bytes(), b"-", &rest].concat());
        assert_eq!(shown(&format!("got '{other}'.")), format!("got '{other}'."));
    }
}

#[test]
fn what_opens_a_sentence_or_is_bound_later_is_no_value() {
    check(
        r#"
pkcs11: use the flags of tokens¦
private_key: generated (ed25519)¦
PASS: gdb.base/x.exp: it ran¦
PASS: all checks¦
passwd: user unknown¦
otp: verified, api key: valid¦
connection string: not set¦
UPDATE u SET password = ? WHERE token = :token AND secret = %s¦
{"resource":"arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-AbCdEf"}¦
pwd: /home/bob¦
curl -u "$USER:$PASS" -H "Authorization: Bearer ${TOKEN}" h¦
curl -u "bob:${PASS}" -u x:[PASSWORD] h¦
python3-jwt:all 2.6 python3-jwt:amd64¦
password: True, token: xxxxxxxx¦
private_key: abc¦private_key: [redacted]
secret:prod/db-AbCdEf¦secret:[redacted]
password=:hunter2¦password=[redacted]
curl -u "bob:$ecret12" h¦curl -u "bob:[redacted]" h
pass: letmein¦pass: [redacted]
"#,
    );
}
