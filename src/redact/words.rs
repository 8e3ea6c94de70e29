//! The vocabulary of field names: which words name a secret, and which words around them change that.
//!
//! Rules are data. A *core* is written glued and in lower case (`apikey`); it matches the same letters
//! however the name divides them (`api_key`, `apiKey`, `API-Key`, `api.key`, `apikey`). What a core
//! needs around itself is its [`Kind`]; the words around it have [roles](role).
//!
//! Sources: the deny lists of the Sentry, Bugsnag, Rollbar, Airbrake, Honeybadger, Datadog, Elastic APM
//! and New Relic clients, the defaults of Rails, Django, Laravel, Spring Boot, Symfony, Ansible and Devise, the OWASP
//! Logging Cheat Sheet, and the header and cookie names of the usual frameworks.

use super::Class::{self, *};

/// What a core needs around itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Secret wherever it stands, unless a metadata word follows or a question word leads
    /// (`password_changed_at`, `has_password`).
    Strong,
    /// Secret at the end of a name, or before words that only describe the value (`cookie_value`).
    Tail,
    /// Like `Tail`, unless the word before says that it is a counter or a cursor (`next_page_token`).
    Token,
    /// Like `Tail`, unless the word before makes it another sort of pass (`render_pass`).
    Pass,
    /// Like `Tail`, with an owner before it or nothing (`card_pin`, not `gpio_pin`).
    Pin,
    /// Like `Tail`, and the word before must say what it opens (`stripe_key`, not `sort_key`).
    Key,
    /// Only as the whole name, give or take words that say where it was found (`x-auth`, `req.session`).
    Whole,
    /// `Whole`, and not that of an account or of a user, which say who it is.
    Sid,
    /// `Whole`, and not the record's own `session_id`: the cookie spelling `sessionid`, or with an owner.
    SessionId,
}

/// What a word says about the core beside it.
pub(super) mod role {
    /// After a core: this is about the secret, not the secret.
    pub(in super::super) const META: u16 = 1;
    /// After a core: still the secret, or another form of it.
    pub(in super::super) const VALUE: u16 = 1 << 1;
    /// Before a core: a question or a count about it.
    pub(in super::super) const ASK: u16 = 1 << 2;
    /// Before a core: where it was found.
    pub(in super::super) const PLACE: u16 = 1 << 3;
    /// Before `token`: counters, cursors, symbols.
    pub(in super::super) const NO_TOKEN: u16 = 1 << 4;
    /// Before `pass`: other sorts of pass.
    pub(in super::super) const NO_PASS: u16 = 1 << 5;
    /// Before a glued `pass`: its owners (`dbpass`, not `compass`).
    pub(in super::super) const PASS: u16 = 1 << 6;
    /// Before `pin`: its owners.
    pub(in super::super) const PIN: u16 = 1 << 7;
    /// Before `key`: what it opens.
    pub(in super::super) const KEY: u16 = 1 << 8;
    /// A core whose value runs to the end of the line in header text.
    pub(in super::super) const LINE: u16 = 1 << 9;
    /// A strong core that is too short or too common to be looked for inside a longer word.
    pub(in super::super) const APART: u16 = 1 << 10;
    /// Before a password that ends the name: something one does, not what one types (`forgot_password`).
    pub(in super::super) const VERB: u16 = 1 << 13;
    /// Before `sid`: what it is the number of.
    pub(in super::super) const HOLDER: u16 = 1 << 15;
    /// After a card's code: the outcome of checking it.
    pub(in super::super) const CARD_META: u16 = 1 << 14;
    /// The name half of a `{"name": .., "value": ..}` pair.
    pub(in super::super) const LABEL: u16 = 1 << 11;
    /// The value half of such a pair.
    pub(in super::super) const CONTENT: u16 = 1 << 12;
}

/// The cores, by kind and class.
pub(super) const CORES: &[(Kind, Class, &str)] = &[
    (
        Kind::Strong,
        Credential,
        "password passwords passwd passwds passphrase passphrases passcode passcodes srcstorepass deststorepass passw pasword passward pssword paasword passowrd passwrod userpw dbpw \
         adminpw rootpw bindpw ldappw pwd pwds pwrd pswrd passwrd passwod psswd pswd pword jaasconfig otppepper passkey secret secrets credential credentials creds cred usercred unixcrypt \
         onetimepassword onetimecode onetimepasscode otpcode totpcode mfacode mfapin twofacode twofactorcode \
         tfacode 2facode 2fasecret 2fapin 2fatoken verificationcode verifycode smscode authcode authorizationcode \
         authenticationcode logincode emailcode accesscode securitycode recoverycode recoverycodes backupcode \
         backupcodes resetcode activationcode devicecode scratchcode scratchcodes unlockcode pincode \
         pinnumber pinblock codeverifier secretanswer securityanswer securityanswers secretquestion \
         mothersmaidenname mothermaidenname maidenname totpsecret otpsecret otpauth otpseed totpseed hotpseed mfaseed pkceverifier pwdhash pwdhashes mnemonic \
         mnemonicphrase seedphrase seedwords recoveryphrase walletseed masterseed secretphrase secretword \
         connectionstring connectionstrings connstring connstr connectionstr dsn databaseurl dburl databaseuri \
         dburi redisurl redisuri mongourl mongouri mongodburl mongodburi mysqlurl postgresurl postgresqlurl \
         postgresuri postgresqluri pgurl amqpurl amqpuri rabbitmqurl cloudamqpurl brokerurl \
         cloudinaryurl jdbcurl sqlalchemydatabaseuri datasourceurl cleardburl jawsdburl rediscloudurl \
         rediscloudtlsurl memcachierservers authorization proxyauthorization wwwauthorization \
         httpauthorization xforwardedauthorization authorizationheader authheader basicauth \
         basicauthorization phpauthpw phpauthdigest authpw htpasswd vcapservices springapplicationjson \
         dockerconfigjson dockerauthconfig dockerauth npmauth kubeconfig ntlmhash nthash lmhash \
         passhash securityquestion securityquestions otpattempt communitystring communitystrings snmpcommunity twofactorpin otppin totppin \
         krbtgt keytab requirepass masterauth oobcode securitystamp sentryauth zumoauth logonhash shadowhash formvars clientkeydata userinfopassword loginpw authdata digestauth httpdigest challengeanswer \
         enablesecret enablepassword rocommunity rwcommunity privateseed neo4jauth redisauth rediscliauth registryauth securitycredentials javanamingsecuritycredentials",
    ),
    // The same in other languages, in small letters and without marks.
    (
        Kind::Strong,
        Credential,
        "passwort passworter kennwort losungswort geheimzahl geheimnis wachtwoord wagwoord motdepasse codesecret codeconfidentiel \
         contrasena contrasenas contrasenya contrasinal senha palavrapasse palavrachave parola parolad parolaordine pasahitza \
         losenord adgangskode kodeord passord lykilord salasana salasona parool haslo heslo geslo lozinka lozinku zaporka slaptazodis \
         jelszo jelszava sifre sifresi parolasi fjalekalimi pasvorto matkhau mậtkhẩu katasandi katalaluan nenosiri cyfrinair pasfhocal \
         пароль пароли парола гасло лозинка құпиясөз паролі секрет κωδικοσ κωδικοσπροσβασησ συνθηματικο 密码 密碼 口令 密语 パスワード \
         暗証番号 合言葉 シークレット 비밀번호 패스워드 암호 비번 รหัสผ่าน पासवर्ड कूटशब्द পাসওয়ার্ড கடவுச்சொல் كلمةالمرور كلمةالسر رمزعبور گذرواژه סיסמה \
         סיסמא პაროლი գաղտնաբառ нууцүг codigoseguridad codigodeseguridad codigoseguranca codigodeseguranca codedesecurite \
         sicherheitscode segreto parolasegreta palabraclave palabrasecreta 验证码 驗證碼 認証コード 인증번호",
    ),
    (
        Kind::Strong,
        Key,
        "claveapi apiclave clavesecreta claveprivada claveacceso clavedeacceso llaveapi llavesecreta llaveprivada chaveapi chavesecreta \
         chaveprivada chaveacesso chavedeacesso cleapi clesecrete cleprivee cledacces chiaveapi chiavesegreta chiaveprivata \
         apischlussel apischluessel privaterschlussel privatschlussel geheimschlussel geheimerschlussel schlusselgeheim zugangsschlussel \
         apinyckel hemlignyckel privatnyckel kluczapi kluczprywatny apikljuc ключapi apiключ секретныйключ закрытыйключ приватныйключ \
         ключдоступа 密钥 密鑰 秘钥 私钥 私鑰 秘密鍵 暗号鍵 apiキー 秘密キー アクセスキー 비밀키 개인키 api키 인증키",
    ),
    (
        Kind::Strong,
        Token,
        "tokenacceso tokendeacceso tokenacesso tokendeacesso jetonacces jetondacces jetonapi zugangstoken zugriffstoken tokendostepu \
         токен токендоступа 令牌 访问令牌 トークン アクセストークン 토큰",
    ),
    (
        Kind::Strong,
        Card,
        "numerotarjeta numerodetarjeta tarjetacredito tarjetadecredito numerocarte numerodecarte numerocb cartebancaire cartedecredit \
         numerocartao numerodocartao numerodecartao cartaocredito cartaodecredito numerocarta numerodicarta cartadicredito kartennummer \
         kreditkarte kreditkartennummer kreditkort kortnummer kaartnummer creditcardnummer numerkarty kartaplatnicza kredikarti kartnumarasi \
         номеркарты банковскаякарта номеркартки 卡号 卡號 信用卡 信用卡号 信用卡號 银行卡 银行卡号 カード番号 クレジットカード クレジットカード番号 \
         카드번호 신용카드 신용카드번호",
    ),
    (
        Kind::Strong,
        GovernmentId,
        "身份证 身份证号 身份证号码 身分證 護照號碼 护照号 マイナンバー 주민등록번호 주민번호 여권번호 паспорт номерпаспорта серияпаспорта снилс \
         numerosecuritesociale numerodesecuritesociale numeroseguridadsocial numerodeseguridadsocial numeropasaporte numeropassaporte \
         numeropasseport idcard identitynumber identitycardnumber idcardnumber insurancenumber ausweisnummer reisepassnummer personalausweisnummer",
    ),
    (
        Kind::Strong,
        Token,
        "tftoken accesstoken accesstokens refreshtoken refreshtokens idtoken idtokens authtoken authtokens apitoken \
         apitokens bearertoken bearertokens sessiontoken sessiontokens securitytoken securitytokens oauthtoken \
         oauthtokens usertokens devicetokens pushtokens fcmtokens resettokens invitetokens bottokens \
         personalaccesstoken personalaccesstokens csrftoken xsrftoken csrftokens servicetoken servicetokens \
         csrf xsrf csrfmiddlewaretoken authenticitytoken requestverificationtoken antiforgery \
         xcsrf xxsrf oauthverifier oauthsignature oauthsecret oauthtokensecret tokensecret cftoken \
         samlresponse samlassertion clientassertion refreshtokenhash sastoken sasurl sasuri \
         sharedaccesssignature secretaccesstoken bearerauth authticket kerberosticket loginticket serviceticket \
         proxyticket grantticket xauthtoken rememberme hubsignature xamzsignature \
         xamzcredential stripesignature slacksignature webhooksignature requestsignature hmacsignature \
         apisignature authsession paymentmethodnonce paymentnonce shopifyhmac recaptcharesponse hcaptcharesponse captcharesponse dpop jwtassertion oidcdata jfrogartapi \
         xgoogsignature sassignature xgoogcredential firebaseappcheck magiclink magiclinks azuresas jenkinscrumb sonarlogin",
    ),
    (
        Kind::Strong,
        Key,
        "apikey apikeys apisecret apisecrets apisecretkey appsecret appkey appkeys secretkey secretkeys secretkeybase \
         secretaccesskey accesskey accesskeys accesskeyid accesskeysecret keysecret privatekey privatekeys privkey \
         privkeys masterkey masterkeys encryptionkey encryptionkeys decryptionkey signingkey signingkeys \
         signingsecret cryptkey cryptokey enckey sshkey sshkeys rsakey dsakey ecdsakey aeskey deskey hmackey \
         hmacsecret gpgkey pgpkey pemkey sslkey tlskey jwtkey jwtsecret authkey authkeys oauthkey clientkey clientkeys \
         clientsecret clientsecrets consumerkey consumersecret sharedkey sharedkeys sharedsecret \
         sharedaccesskey sharedaccesskeys presharedkey presharedkeys psk storagekey storagekeys accountkey \
         accountkeys servicekey servicekeys serviceaccountkey serviceaccountjson serverkey serverkeys deploykey \
         deploykeys webhooksecret webhookkey licensekey licensekeys licencekey subscriptionkey \
         recoverykey recoverykeys unsealkey unsealkeys vaultkey walletkey wepkey wpakey wifikey sessionkey \
         sessionkeys rootkey rootkeys hostkeyprivate idrsa idecdsa ided iddsa machinekey validationkey \
         kek dek dataencryptionkey keyencryptionkey keymaterial privatekeypem privatepem pkcs pfx keypass \
         merchantkey transactionkey developerkey developerkeys devkey writekey ingestkey ingestionkey \
         instrumentationkey integrationkey functionskey functionkey publishkey subscribekey rndckey heartbeatkey adminkey keyfiledict apihash privacykey privacypassphrase tacacskey radiuskey apitranskey serialkey keystorejson certificatepin pemfile registrationkey activationkey agekey agesecretkey symmetrickey \
         servicerolekey insertkey sdkkey slackwebhook slackwebhookurl discordwebhook discordwebhookurl teamswebhook teamswebhookurl zapierhook \
         ssecustomerkey encryptioncustomerkey authenticationmaterial secretid roleidsecret spendkey viewkey xprv anonkey algoliasearchkey personalkey cryptokek",
    ),
    (
        Kind::Strong,
        Cookie,
        "setcookie cookieheader phpsessid phpsessionid jsessionid aspsessionid aspxauth aspnetsessionid sessioncookie \
         sessioncookies authcookie authcookies httpcookie connectsid remembercookie cfid \
         laravelsession cisession racksession wordpressloggedin wordpresssec viewstate sessionvalue sessionsecret \
         aspnetcoreidentityapplication aiohttpsession flasksession djangosession expresssession koasess koasesssig gitlabsession \
         xsrfcookie",
    ),
    (
        Kind::Strong,
        Session,
        "sessid sessids sessionhash sessionkeyid sessionticket psessionid sessiontokenid",
    ),
    (
        Kind::Strong,
        Card,
        "cardnumber cardnumbers cardnum cardno cardpan creditcard creditcards creditcardnumber creditcardno \
         creditcardnum creditcardnr creditcarddata debitcard debitcards debitcardnumber ccnumber ccnum ccno ccnr \
         cvv cvvs cvvcode cvvnumber cvc cvccode cvcnumber cardcvv cardcvc cardcode cardcsc cardpin cardsecuritycode \
         cardverification cardverificationvalue cardverificationcode cardcvn cardcvd cvvcvc ccv cccvv cccvc cccsc cccode primaryaccountnumber paymentcard \
         paymentcardnumber bankcard bankcardnumber trackdata magstripe magneticstripe magstripedata carddata cardtrack cardtracks track1data track2data track2equivalentdata iccdata \
         cardexpiry cardexpiration cardexpirationdate cardexpirydate cardexp cardexpmonth cardexpyear ccexp ccexpiry \
         ccexpiration ccexpmonth ccexpyear cardholderdata giftcardnumber giftcardcode emvdata",
    ),
    (
        Kind::Strong,
        Bank,
        "iban ibans ibannumber accountnumber accountnumbers accountno accountnum acctnumber acctno acctnum bankaccount \
         bankaccounts bankaccountnumber bankaccountno bankacct routingnumber routingno sortcode swiftaccount kontonummer abanumber \
         bsbnumber accnumber accno accnum bankacc bankaccno bankaccnum bankaccnumber bankroutingnumber accountbanknumber \
         routingacc routingaccnum routingaccnumber routingaccountnumber routingnum banknumber bankdetails clabe accountiban achaccount",
    ),
    (
        Kind::Strong,
        GovernmentId,
        "ssn ssns ssnlast lastssn lastfourssn ssnum ssnumber ssnnumber ssnno socialsecurity socialsec socialsecnum socialsecnumber socialsecurityid socialsecuritynumber socialsecuritynum socialsecurityno \
         socialinsurancenumber socsec nationalid nationalidnumber nationalidentifier nationalidentitynumber \
         nationalinsurancenumber nationalinsurance nino taxid taxidnumber taxnumber taxpayerid \
         taxpayeridentificationnumber itin passportnumber passportno passportnum passportid driverlicense driverslicense driverlicence \
         driverslicence drivinglicense drivinglicence driverlicensenumber driverslicensenumber \
         driverlicencenumber drivinglicencenumber drivinglicensenumber licensenumber dlnumber aadhaar \
         aadhaarnumber aadhar aadharnumber pannumber pancard cpf cpfnumber cnpj curp personnummer cprnumber personalnumber personnumber bsn \
         pesel codicefiscale fiscalcode nric nricfin taxfilenumber personalidentitycode residentregistrationnumber steuerid steuernummer sozialversicherungsnummer voterid voteridnumber idcardnumber \
         identitycardnumber identitynumber govid governmentid governmentidnumber residentid residentidnumber \
         alienregistrationnumber visanumber militaryid taxreferencenumber uspassport ukpassport inpassport inpan esnif autfn aumedicare uknhs",
    ),
    (
        Kind::Strong,
        Health,
        "medicalrecord medicalrecords medicalrecordnumber medicalrecordno mrn healthinsurancenumber \
         healthinsuranceid healthcardnumber healthplannumber healthplanid medicareid medicarenumber medicaidid \
         medicaidnumber nhsnumber insurancepolicynumber diagnosis diagnoses diagnosiscode medicalhistory \
         medicalcondition medicalconditions medicalinfo healthrecord healthrecords healthdata healthinfo \
         prescription prescriptions bloodtype labresult labresults geneticdata biometric biometrics \
         biometricdata fingerprintdata faceencoding voiceprint retinascan",
    ),
    (
        Kind::Strong,
        Contact,
        "email emails emailaddress emailaddresses mail mailaddress phone phones phonenumber phonenumbers \
         telephone telephonenumber mobile mobilenumber mobilephone cellphone cellnumber faxnumber homeaddress \
         streetaddress postaladdress mailingaddress billingaddress shippingaddress dateofbirth dob birthdate \
         birthday birthdate firstname lastname fullname surname givenname familyname middlename postcode \
         postalcode zipcode",
    ),
    (Kind::Token, Token, "token accesstok authtok"),
    (
        Kind::Tail,
        Token,
        "bearer jwt jwts jws jwe otp otps totp hotp saml sig signedurl presignedurl",
    ),
    (Kind::Tail, Cookie, "cookie cookies"),
    (Kind::Tail, Key, "salt"),
    (Kind::Pass, Credential, "pass pw"),
    (Kind::Pin, Credential, "pin"),
    (Kind::Key, Key, "key keys skey"),
    (
        Kind::Whole,
        Credential,
        "2fa auth authentication authn authinfo oauth crypt crypted pws pword pswd mdp clave geheim jeton",
    ),
    (Kind::Whole, Token, "sign signature assertion"),
    (
        Kind::Whole,
        Session,
        "session sessions usersession securesession hostsession sess",
    ),
    (Kind::Sid, Session, "sid sids"),
    (
        Kind::Whole,
        Key,
        "privatekeys cert certificate issuercertificate clientcertificate clientcert xforwardedclientcert pem privatepart",
    ),
    (Kind::Whole, Card, "card pan csc ccn cvn cvd pvv cav track1 track2"),
    (Kind::Whole, GovernmentId, "passport bvn dni nif ein nin tin sin"),
    (Kind::SessionId, Session, "sessionid sessionids"),
];

/// What single words say. A word may have several roles.
pub(super) const ROLES: &[(u16, &str)] = &[
    (
        role::META,
        "at on by type types kind kinds count counts counter length len size id ids uid uuid guid name names hint \
         hints policy policies strength score age days hours minutes seconds secs ms expired expires expiry expire \
         expiration exp ttl timeout lifetime validity valid invalid enabled enable disabled disable required require requirement \
         requirements optional changed change changes updated update updates created creation modified reset resets rotated \
         rotation revoked revocation revoke prefix suffix version versions status state url uri urls endpoint endpoints path paths \
         file files filename dir directory folder location source sources provider providers issuer issued audience scope scopes \
         algorithm algorithms algo alg format encoding method methods mode label title placeholder prompt \
         description rule rules pattern regex min max limit limits usage used use attempts attempt retries tries \
         failures failed failure success succeeded history manager managers store stores vault backend service server \
         host port region arn ref refs reference references exists exist present set missing empty matches match matched mismatch verified \
         visible visibility shown show hidden hide index indexes position offset bucket budget cost price rate rates \
         per last first time times date timestamp day domain owner username login logins allowed locked lock less free \
         protected protection generator generated generate validator validation encoder hasher checker factory handler helper config configuration \
         settings setting options option schema class page form screen view dialog link links button error errors message \
         messages reason event events requests result results checksum fingerprint fingerprints thumbprint entropy \
         bits family group groups level levels permission permissions role roles category tag tags stream parser \
         address symbol decimals supply balance amount holder holders contract masked truncated redacted \
         four digits brand network issuers country currency is ok flag flags supported support available \
         consent banner preferences notice samesite secure httponly partitioned domains santa \
         sharing sync sniffing stuffing spraying breach leak leaked leaks scanner scanning scan detection \
         complexity reuse reminder recovery resetting request alias aliases comment comments note notes arns \
         ciphers cipher bytelength numbers total totals quota identifier identifiers descriptor mgr grant grants resolver selection \
         expression wrong incorrect malformed weak list sent resent delivered requested received viewed consumed",
    ),
    (
        role::VALUE,
        "value values val vals hash hashes hashed digest digests salt salted plain plaintext cleartext clear text raw string \
         str data content contents bytes blob b base hex encoded enc encrypted crypted confirm confirmation confirmations \
         conf again repeat repeated retype verify new old current original previous prev temp tmp default header headers param \
         params json xml pem der env input key keys secret primary secondary tertiary one two live test prod dev staging production \
         sandbox development backup fallback fallbacks here body payload cookie number num no dev md sha bcrypt argon scrypt pbkdf \
         hmac crypt override query hdr field fields v",
    ),
    (
        role::ASK,
        "has have had is are was needs need requires require required should shall can could may must show hide \
         no not without enable enabled disable disabled allow allows num number count counts min max total avg \
         average minimum maximum missing use uses using supports support any valid validate masked redacted \
         truncated unset with remaining length prompt prompts ask asks",
    ),
    (role::VERB, "forgot forgotten change changed reset reuse rotate lost"),
    (role::CARD_META, "check checks"),
    (role::HOLDER, "account accounts user users"),
    (
        role::PLACE,
        "x http https req request requests res response resp header headers hdr body param params form query qs data user users my the a an \
         app env ctx context config configuration settings setting cfg conf redirect server client raw new old current this self input field attr \
         attributes attribute attrs props properties meta metadata payload json args kwargs arguments options opts event log logs extra \
         account accounts admin db database customer member api rest raw post get put fields values vars var variables globals \
         rack aiohttp flask django laravel ci php asp net aspnet core express symfony rails koa play tomcat spring servlet connect \
         smtp ftp imap ldap proxy remote upstream downstream your orig original next client login signin signup",
    ),
    (
        role::NO_TOKEN,
        "max min total num number count prompt completion input output cached cache reasoning used remaining avg average \
         next prev previous page pages continuation continue pagination paging paged cursor start end eos bos pad unk mask sep cls \
         stop special first last forward backward starting sequence per lexer syntax parse parser unexpected expected cancellation cancel idempotency \
         idempotent sync resume scroll position fencing nft erc utility governance native lp each is has skip delta \
         change changes design color colour search string keyword identifier operator punctuation whitespace bad \
         illegal missing current thinking generated accepted rejected budget image audio text vision draft single double \
         subword word vocab stake staked staking reward swap wrapped list tail marker snapshot watch seek colon paren semi lt gt eq brace bracket underscore comma star pound bang dot arrow fat dyn impl enum \
         struct trait extern async await unsafe while loop match const let frag version",
    ),
    (
        role::NO_PASS,
        "boarding render shadow first second third fourth single multi two three one season ski bus day test tests by low high band all \
         hall mountain num must can did will should compiler optimizer optimization lint check checks tool event \
         weekend visitor monthly weekly daily annual train travel gate parking backward forward depth lighting post pre \
         gbuffer outline optimizing transform transit rail metro backstage press lobby free fast xbox game battle \
         flight ship museum tour next last forwards filter build full half partial final initial gc sweep \
         validation quality dry each every per pct percent percentage health qa is has not fail or of \
         touchdown completed incomplete long short assist return mean avg max min total count rate hard soft",
    ),
    (
        role::PASS,
        "db user usr admin root my new old mysql maria mariadb pg psql postgres postgresql sql mssql oracle redis mongo mongodb \
         rabbit rabbitmq smtp imap pop ftp sftp ssh ldap mail email http https proxy wifi wlan web app login auth \
         key keystore store truststore trust cert ca ssl tls pfx jks private server client host api service svc account acct \
         bind cluster node jenkins docker registry git repo nexus sonar vpn router sudo su sys system sa dba dbuser database \
         rds aws tomcat wp wordpress drupal joomla magento cpanel whm plesk current confirm conf temp default basic conn connection \
         source target src dst dest remote local guest my the enable telnet rdp vnc samba smb nas backup restore encrypted user hashed crypt",
    ),
    (
        role::PIN,
        "user users card atm new old current confirm confirmation device sim security secure access login account acct my customer client debit credit \
         bank voicemail parental transaction upi m mobile unlock admin phone app wallet secret door encrypted enter \
         reset temp temporary default hashed verify verification repeat authentication auth alarm safe lock screen employee member \
         your otp totp factor payment vault agent caller personal data payload body form params request req input field",
    ),
    (
        role::KEY,
        "api db database private secret access encryption encrypt encrypted encrypting decryption enc signing sign master ssh rsa dsa ecdsa ed ecc aes des hmac gpg pgp \
         pem ssl tls jwt jws jwe oauth auth authentication authorization app application client consumer shared preshared storage \
         account service server admin root session crypto crypt cipher symmetric asymmetric deploy deployment webhook \
         license licence activation registration subscription recovery vault unseal seal wallet priv privat security sec token \
         bot integration instrumentation ingest ingestion write transaction merchant partner dev developer live prod production cookie \
         network wep wpa wifi psk kek dek kms hsm bearer credential credentials dsa ec elliptic hashing hkdf pbkdf salt \
         jose jwk pkcs pfx chacha xchacha poly salsa blowfish twofish camellia kyber cert certificate signature decrypt sdk provisioning pairing telemetry logging \
         aws amazon gcp google gcloud azure firebase fcm gcm apns github gitlab bitbucket slack discord telegram stripe paypal \
         braintree twilio sendgrid mailgun mailchimp mandrill postmark sparkpost sendinblue brevo heroku datadog dd newrelic relic algolia \
         openai anthropic claude cohere huggingface hf mistral groq gemini replicate pinecone mapbox cloudflare digitalocean linode vultr hetzner shopify \
         twitter facebook instagram linkedin dropbox okta auth npm pypi rubygems docker jenkins circleci travis sonar sonarqube snyk jira \
         confluence atlassian zendesk intercom hubspot salesforce mixpanel amplitude launchdarkly pusher plaid coinbase binance kraken \
         etherscan infura alchemy youtube maps gmaps googlemaps recaptcha captcha nexmo vonage plivo messagebird clicksend bandwidth \
         airtable notion asana trello figma canva sentry rollbar bugsnag honeybadger airbrake loggly papertrail \
         sumologic splunk elastic elasticsearch kibana grafana influx influxdb pagerduty opsgenie statuspage fastly akamai netlify \
         vercel railway supabase planetscale neon upstash mongodb cloudinary imgix uploadcare filestack contentful \
         sanity prismic storyblok flask django rails laravel symfony minio backblaze wasabi tencent aliyun alibaba \
         baidu yandex naver kakao wechat weixin adyen klarna mollie razorpay paystack flutterwave authorizenet \
         stream mac abstractapi anypoint appcenter baseten clarifai customerio diffbot fileio gitea hereapi \
         kickbox pastebin pdflayer pendo positionstack salesloft sslmate uptimerobot urlscan weatherapi zerobounce dkim fernet saml idp sso scim mqtt iot lora appkey nwk zapier ifttt rapidapi tmdb omdb weather openweather openweathermap newsapi \
         giphy unsplash spotify twitch steam nasa fred quandl polygon alphavantage finnhub iex adafruit adobe beamer bittrex clojars codecov confluent meraki droneci duffel dynatrace easypost etsy finicity \
         flickr flyio freshbooks frameio gitter gocardless hashicorp infracost intercom jfrog artifactory kucoin lob looker lokalise \
         mattermost nytimes openshift perplexity pulumi scalingo sendbird shippo sidekiq sourcegraph squarespace sumo tailscale \
         trello typeform deepseek xai langsmith langfuse posthog honeycomb bitfinex okx bybit kaggle abuseipdb assemblyai civo clickup \
         configcat coveralls databento datagov deepgram disqus endorlabs exoscale fullstory greptile gumroad infomaniak jumpcloud kagi \
         klaviyo larksuite lighton ollama ibm ibmcloud scaleway upstage virustotal woocommerce zoho xray shodan censys mailerlite mailersend \
         rudderstack optimizely statsig growthbook unleash flagsmith contentstack hygraph directus strapi webflow retool hasura cockroachdb clickhouse \
         turso appwrite nhost workos stytch descope frontegg moralis quicknode blockcypher coingecko coinmarketcap opensea helius xendit midtrans \
         lemonsqueezy chargebee recurly marqeta truelayer yodlee alpaca tiingo twelvedata ipinfo ipstack ipdata maxmind locationiq geoapify \
         mapquest opencage arcgis tomtom zulip webex ringcentral telnyx sinch infobip textmagic clickatell pushover pushbullet onesignal braze \
         iterable convertkit activecampaign getresponse sendpulse elasticemail mailjet tinify cloudconvert pexels pixabay imgur vimeo mux \
         bunnycdn keycdn ovh upcloud koyeb cloudsmith packagecloud nuget packagist circle buildkite bitrise codefresh appveyor spacelift veracode \
         codacy deepsource deepl elevenlabs stability runpod together fireworks voyageai jina tavily serpapi firecrawl browserless apify scraperapi \
         scrapingbee brightdata zenrows nomic novita cerebras sambanova moonshot zhipu dashscope qianfan hunyuan \
         abyssale accuweather adzuna aeroworkflow airvisual alconost alegra aletheiaapi allsports amadeus ambee apacta api2cart apideck apiflash \
         apifonica apimatic apimetrics apitemplate appcues appfollow appointedd appoptics appsynergy apptivo atera autoklose aviationstack axonaut aylien ayrshare \
         bannerbear baremetrics beebole besttime billomat bitbar bitcoinaverage bitly bitmex blazemeter bombbomb borgbase browserstack browshot buddyns budibase \
         bugherd bulbul bulksms buttercms calendarific calendly calorieninja campayn cannyio capsulecrm captaindata carboninterface caspio cexio chatfule \
         checklyhq checkvist clearbit clientary clinchpad clockify clockworksms closecrm cloudimage cloudmersive cloudplan cloverly codeclimate \
         codemagic codequiry coinapi coinlayer coinlib commercejs convertapi countrylayer craftmypdf currencycloud currencyfreaks currencylayer currencyscoop \
         currentsapi customerguru dareboost deepai detectify detectlanguage dfuse diggernaut docparser documo docusign dronahq dyspatch \
         easyinsight edamam edenai enablex ethplorer everhour exchangeratesapi exportsdk extractorapi facepp fastforex fibery fileinvoice \
         financialmodelingprep fixerio flatio fleetbase flexport flightapi flightstats flowflu fmfw formbucket formcraft formsite foursquare freeconvert freshdesk \
         geocodify geocodio geoipify getemail getgeoapi getsandbox gitguardian glassnode gocanvas goodreads graphcms graphhopper gtmetrix guardianapi gyazo \
         happyscribe helpcrunch helpscout hellosign holidayapi iconfinder iexapis iexcloud imagekit imagga inkassotool instabot instamojo integromat intrinio \
         ipapi ipgeolocation ipify ipinfodb ipquality jotform jumpseller kanbantool keenio klipfolio knapsackpro kontent kylas lastfm leadfeeder lemlist lendflow \
         lexigram linkpreview livestorm loadmill logmein loyverse lunchmoney madkudu magicbell mailboxlayer mailmodo mailsac mapquest marketstack mediastack \
         meistertask mesibo metaapi metabase metrilo mindmeister mixmax mockaroo moonclerk moosend nethunt neutrinoapi newscatcher nftport nicereply \
         nozbeteams numverify nutritionix nylas oanda omnisend onedesk onelogin onepagecrm onfleet oopspam openuv optidash owlbot pagarme paperform \
         parsehub partnerstack passbase paymongo peopledatalabs pepipost photoroom pinata pipedream pipedrive pivotaltracker pixabay planview planyo plivo podio \
         poloniex postageapi prodpad prospectcrm proxycrawl purestake qase qualaroo qubole rebrandly rentman repairshopr restpack ritekit route4me rownd \
         salesflare salesmate satismeter sauce saucelabs scalr scrapestack scrapfly scrapingant screenshotapi screenshotlayer scrutinizerci securitytrails selectpdf \
         sellfy shipday shotstack shutterstock sigopt simfin sirv skrapp skybiometry smartsheets smartystreets smooch snipcart speechtextai spoonacular \
         sportradar sportsmonk statuscake statuspal stockdata storecove stormboard stormglass storychief strava superfeedr surveysparrow swiftype tallyfy \
         tatumio taxjar teamgate teamworkcrm telesign textrazor thinkific thousandeyes ticketmaster tickettailor timecamp timezoneapi todoist tomorrowio tradier \
         transferwise travelpayouts tyntec ubidots unifyid uplead upcdatabase userflow userstack vatlayer verimail virustotal voodoosms vouchery vpnapi \
         hockeyapp walkscore weatherbit weatherstack webscraper wepay wistia worldcoinindex worldweather wrike yelp zenkit zenscrape zenserp zeplin \
         softlayer cloudant couchbase redislabs elasticcloud logdna logzio logtail betterstack humio coralogix instana appdynamics raygun airship \
         kolide pingidentity auth0 fusionauth keycloak supertokens clerk hanko zitadel mailpit mailosaur mailtrap resend campaignmonitor \
         emailoctopus smsglobal signalwire paddle chargify zuora worldpay dwolla revolut monzo starling paytm phonepe cashfree payu iyzico \
         mercadopago pagseguro conekta fedex usps shipstation aftership shipengine sendcloud freshworks freshsales insightly smartsheet basecamp \
         cloudamqp cloudkarafka scalegrid aiven timescale questdb singlestore fauna faunadb xata tigris edgedb arangodb orientdb cosmosdb \
         servicebus eventhub signalr wandb mlflow roboflow labelbox scaleai ai21 writesonic speechmatics descript playht murf cartesia scrapingdog \
         scrapeops oxylabs smartproxy zyte crawlbase ipqualityscore eodhd questrade bitstamp bitpanda gateio huobi mexc bitget phemex deribit \
         polygonscan bscscan arbiscan snowtrace basescan ankr chainstack getblock nodereal tenderly thirdweb what3words sabre travelport skyscanner \
         kubeapi velum rancher quay playfab gamesparks steamworks epicgames cherryservers equinix nexudus cobot bamboohr workday greenhouse \
         personio pandadoc signnow meilisearch opensearch greynoise alienvault hunterio dehashed binaryedge zoomeye trustpilot yotpo judgeme okendo \
         workato akismet jetpack bigcommerce prestashop opencart imgbb deezer soundcloud musixmatch tvdb trakt simkl jellyfin emby sonarr radarr \
         lidarr prowlarr openrouter fireworksai togetherai deepinfra lepton hyperbolic featherless stackpath imperva incapsula honeywell netatmo \
         tado ecobee smartthings tuya \
         zerotier zipcodeapi zulipchat mashape typesense hibp vultr abtasty africastalking airbyte akoya anrok anydo anyscale applitools avalara aweber axiom blynk brightcove brightspace catchpoint checkmarx \
         corbado cratedb crowdin crowdstrike cyberark cypress dacast datocms dockerhub doordash drake expedia fantom filebase firehydrant flipside flipt \
         fortinet fortigate gitkraken goldsky gotify gusto headspin huawei hubitat humanloop instabug kaltura lambdatest lastpass lightstep livekit logrocket \
         losant maltego mastodon mycase neptune ngrok opencti pardot paylocity percy pirsch portkey practicepanther propelauth pubnub rippling rootly \
         smugmug snowflake socure solana sonarcloud sovos splitio spreedly squadcast stackblitz starknet superblocks surrealdb surveymonkey swetrix tableau tawkto \
         thingspeak trackjs transifex travisci veriff zohosign zscaler bintray bluemix openwhisk omise ofta createsend adzerk plotly minio \
         ceph cephmon cephmds cephrgw cephclient cephadmin translator dacast broadkey kubeadm rinkeby ropsten mainnet \
         aerisweather authentik avaya belvo bitquery bluejeans bluesnap casdoor chippercash classlink codesandbox contabo cryptocompare databricks \
         deepnote definedfi delinea dnsimple eloqua fastspring fivetran formstack genesys gentrace gitpod goatcounter hashnode helicone hexpm \
         hightouch hotjar idenfy intelowl jumio kakaotalk kamatera litellm livechat looksrare magiceden mangopay matomo moodle mouseflow mpesa \
         nuvei olark payoneer paychex pingdom powerbi powerschool promptlayer qdrant qualys rapyd remitly riotgames rocketmatter routee scylladb \
         sentinelone servicenow shazam sigfox simpleanalytics soracom spiderfoot storj sumsub teamcity thehive trulioo tumblr twocheckout umami \
         veriff viber visualcrossing volusion weaviate whereby xboxlive xmatters yugabytedb zksync langfuse bitwarden convex inngest browserbase \
         todoist agora ossrh sonatype qiita sacloud alicloud awscn",
    ),
    (
        role::LINE,
        "cookie cookies setcookie cookieheader httpcookie authorization proxyauthorization httpauthorization xforwardedauthorization authorizationheader \
         mnemonic mnemonicphrase seedphrase seedwords recoveryphrase secretphrase passphrase connectionstring \
         connectionstrings",
    ),
    (
        role::APART,
        "pwds pword cred creds dsn psk kek dek cvv cvvs cvc ccv iban ibans ssn ssns nino itin cpf cnpj curp bsn pesel \
         mrn csrf xsrf passw email emails mail phone phones mobile dob dpop xprv cfid parola senha parool geslo sifre passord kodeord heslo \
         haslo parolad parolasi sifresi jelszo taxid ccno ccnr ccnum ccexp cardno cardexp idrsa ided iddsa pkcs pfx mnemonic authdata \
         aadhar biometric biometrics diagnosis sortcode sastoken sasurl sasuri dburl dburi pgurl clabe authpw \
         krbtgt keytab nric accno accnum viewkey surname birthday postcode zipcode telephone",
    ),
    (
        role::LABEL,
        "name key k header field param parameter variable property attribute attr column setting option path type id loc pointer label",
    ),
    (
        role::CONTENT,
        "value val v content contents new old before after from to previous current original input inner rejected received \
         actual provided submitted given",
    ),
];
