//! Names by which the rules are measured, written down from the deny lists and manuals of many systems, not from the rules.

use super::{Policy, Redaction};

/// Names of secrets, as scrubbing libraries list them and as programs write them.
const SENSITIVE: &str = "
    password passwd pwd pass PASSWORD Password passWord pass_word pass-word user_password userPassword user.password UserPassword
    user[password] user[password_confirmation] password1 password2 new_password old_password current_password newPassword oldPassword
    currentPassword new_password1 new_password2 confirm_password confirmPassword password_confirmation passwordConfirmation
    password_confirm passwordConfirm password_again passwordRepeat password_hash passwordHash hashed_password encrypted_password
    encryptedPassword crypted_password password_digest password_salt passwordSalt db_password DB_PASSWORD dbPassword database_password
    DATABASE_PASSWORD mysql_password MYSQL_ROOT_PASSWORD POSTGRES_PASSWORD PGPASSWORD REDIS_PASSWORD redis.password
    spring.datasource.password mail.smtp.password SMTP_PASSWORD smtp_pass smtpPass EMAIL_HOST_PASSWORD ldap_password
    LDAP_BIND_PASSWORD admin_password ADMIN_PASS root_password keystore_password keyStorePassword trustStorePassword ssl.key.password
    mysql_pwd MYSQL_PWD db_pass dbPass dbpass db_pwd dbpwd user_pass userpass user_pwd mysqlpwd userpassword adminpassword
    rootpassword loginPassword login_password account_password wifi_password proxy_password http.proxyPassword
    sonar.password ansible_ssh_pass ansible_become_pass ansible_password become_pass vault_password
    passphrase pass_phrase ssh_passphrase key_passphrase passcode pass_code pin PIN pin_code pinCode pin_number card_pin cardPin atm_pin
    user_pin new_pin old_pin security_pin mpin pw user_pw db_pw passwort Passwort kennwort contrasena contraseña mot_de_passe motdepasse
    senha wachtwoord track1 track2 track2_data cardTrack tin nin sin ssn_last4 privacy_key privacyKey digest_auth serial_key sign card inputpin enable_secret
    tacacs_key radius_key snmp_ro_community challenge_answer kerberos_ticket pvv cpr_number
    secure_session __Secure-session
    secret SECRET secrets client_secret clientSecret CLIENT_SECRET clientsecret app_secret appSecret APP_SECRET consumer_secret
    secret_key SECRET_KEY secretKey secretkey secret_key_base SECRET_KEY_BASE shared_secret sharedSecret webhook_secret
    WEBHOOK_SECRET jwt_secret JWT_SECRET jwtSecret session_secret SESSION_SECRET cookie_secret signing_secret SLACK_SIGNING_SECRET
    token_secret tokenSecret oauth_token_secret api_secret apiSecret API_SECRET twitter_consumer_secret aws_secret
    AWS_SECRET_ACCESS_KEY aws_secret_access_key awsSecretAccessKey secret_access_key totp_secret otp_secret mfa_secret two_factor_secret
    recaptcha_secret github_client_secret secret_token secretToken secret_value SecretString hmac_secret secret_id secret_answer
    api_key apiKey API_KEY ApiKey apikey APIKEY api-key x-api-key X-API-Key X-Api-Key x_api_key http_x_api_key
    api.key apikey2 api_keys google_api_key GOOGLE_API_KEY stripe_api_key STRIPE_API_KEY openai_api_key OPENAI_API_KEY ANTHROPIC_API_KEY
    sendgrid_api_key SENDGRID_API_KEY mailgun_api_key datadog_api_key DD_API_KEY NEW_RELIC_LICENSE_KEY newrelic_license_key license_key
    stripe_key stripe_secret_key STRIPE_SECRET_KEY algolia_admin_key access_key accessKey ACCESS_KEY access-key aws_access_key
    AWS_ACCESS_KEY_ID aws_access_key_id access_key_id s3_access_key private_key privateKey PRIVATE_KEY privatekey PrivateKey
    ssl_private_key ssh_private_key deploy_private_key private_key_pem rsa_private_key RSA_KEY ssh_key deploy_key deployKey encryption_key
    ENCRYPTION_KEY encryptionKey encrypt_key decryption_key signing_key signingKey SIGNING_KEY master_key MASTER_KEY RAILS_MASTER_KEY
    account_key AccountKey AZURE_STORAGE_KEY storage_key AZURE_STORAGE_ACCOUNT_KEY SharedAccessKey shared_access_key
    shared_access_signature consumer_key consumerKey auth_key authKey x-auth-key app_key APP_KEY application_key appKey service_account_key
    subscription_key Ocp-Apim-Subscription-Key x-functions-key x-goog-api-key pre_shared_key psk wpa_psk hmac_key aes_key pgp_key gpg_key
    id_rsa client_key session_key recovery_key unseal_key webhook_key server_key FCM_SERVER_KEY firebase_key maps_api_key crypt_key
    token TOKEN access_token accessToken ACCESS_TOKEN accesstoken access-token refresh_token refreshToken REFRESH_TOKEN refreshtoken
    id_token idToken auth_token authToken AUTH_TOKEN authtoken x-auth-token X-Auth-Token x-access-token api_token apiToken API_TOKEN
    bearer_token bearerToken session_token sessionToken AWS_SESSION_TOKEN x-amz-security-token X-Amz-Security-Token security_token
    csrf csrf_token csrfToken csrftoken _csrf _csrf_token csrf-token x-csrf-token X-CSRFToken X_CSRFTOKEN csrfmiddlewaretoken
    xsrf _xsrf xsrf_token XSRF-TOKEN x-xsrf-token authenticity_token __RequestVerificationToken oauth_token oauthToken
    oauth_verifier oauth_signature github_token GITHUB_TOKEN gitlab_token GITLAB_TOKEN PRIVATE-TOKEN private_token npm_token NPM_TOKEN
    slack_token SLACK_BOT_TOKEN bot_token telegram_bot_token discord_token DISCORD_TOKEN stripeToken stripe_token stripetoken
    device_token push_token fcm_token reset_token resetToken reset_password_token password_reset_token passwordResetToken
    confirmation_token invitation_token unlock_token remember_token remember_me_token rememberMeToken verification_token
    email_verification_token activation_token personal_access_token deploy_token registry_token vault_token VAULT_TOKEN x-vault-token
    consul_token sas_token sasToken login_token user_token usertoken userToken hub_token jenkins_token k8s_token service_token
    other_token request_token client_token tokens[access] access_tokens refresh_tokens token_value tokenValue oauth2_token oauth2token
    auth Auth AUTH x-auth http_auth basic_auth basicAuth authorization Authorization AUTHORIZATION HTTP_AUTHORIZATION
    proxy-authorization Proxy-Authorization proxy_authorization http.request.header.authorization req.headers.authorization
    headers.Authorization X-Forwarded-Authorization authorization_header authHeader PHP_AUTH_PW php-auth-pw PHP_AUTH_DIGEST
    REDIRECT_HTTP_AUTHORIZATION bearer jwt JWT jwt_token jwtToken saml SAMLResponse saml_response client_assertion assertion
    cookie Cookie COOKIE cookies HTTP_COOKIE set-cookie Set-Cookie set_cookie setCookie SetCookie http.request.header.cookie
    http.response.header.set_cookie req.headers.cookie res.headers.set-cookie session_cookie auth_cookie
    session SESSION sessionid SESSIONID jsessionid JSESSIONID phpsessid PHPSESSID sessid PHP_SESSION_ID ASP.NET_SessionId connect.sid
    sid aiohttp_session user_session laravel_session rack.session ci_session express.session _session .AspNetCore.Session django_session
    credential credentials Credentials CREDENTIALS creds user_credentials userCredentials aws_credentials gcp_credentials
    GOOGLE_APPLICATION_CREDENTIALS_JSON service_account_credentials x-amz-credential vcap_services VCAP_SERVICES
    connection_string connectionString ConnectionString CONNECTION_STRING conn_str DefaultConnectionString dsn DSN
    database_url DATABASE_URL db_url REDIS_URL mongo_uri MONGODB_URI mongodb_uri amqp_url jdbc_url SQLALCHEMY_DATABASE_URI CLOUDINARY_URL
    signature x-hub-signature X-Hub-Signature-256 stripe-signature X-Slack-Signature x-amz-signature sig webhook_signature
    salt password_salt encryption_salt crypt certificate client_certificate client_cert ntlm_hash nt_hash keytab kubeconfig htpasswd
    otp OTP otp_code one_time_password one_time_code totp totp_code mfa_code mfaCode 2fa_code two_factor_code twoFactorCode
    verification_code verificationCode sms_code auth_code authCode authorization_code security_code securityCode backup_code backup_codes
    recovery_code recovery_codes login_code access_code code_verifier device_code security_answer securityAnswer mothers_maiden_name
    mnemonic seed_phrase recovery_phrase wallet_seed
    card_number cardNumber CARD_NUMBER cardnumber card[number] card.number card-number cardNo card_no cardnum cc_number ccNumber ccnum
    credit_card creditCard credit_card_number creditCardNumber creditcard CreditCardNumber creditcardnumber debit_card debitCardNumber pan
    primary_account_number cvv CVV cvv2 cvc CVC cvc2 card_cvv cardCvc card_cvc csc card_code card_security_code card_verification_value
    track_data trackData track2_data magstripe card_expiry cardExpiry card_exp cc_exp
    iban IBAN account_number accountNumber bank_account bankAccount bank_account_number bankAccountNumber routing_number routingNumber
    sort_code acct_number
    ssn SSN user_ssn ssn_number social_security_number socialSecurityNumber social_security social_sec_num national_id nationalId
    national_insurance_number nino tax_id taxId tin_tax_id passport_number passportNumber passport driver_license driversLicense
    drivers_license_number driving_licence_number license_number aadhaar aadhaar_number cpf personnummer bsn
    medical_record_number mrn diagnosis medical_history health_insurance_number biometric_data blood_type
    @password $password :password config.password payload.user.password data[user][password] user%5Bpassword%5D
    form-password request.body.password params.password body.token query.access_token extra.api_key contexts.auth.token
    X-Shopify-Access-Token X-Gitlab-Token X-Plex-Token x-okta-token X-Figma-Token cf-access-client-secret CF-Access-Token
    x-rapidapi-key X-MBX-APIKEY x-apikey xApiKey X-Secret-Key x-client-secret X-Parse-REST-API-Key X-Algolia-API-Key
    spring_application_json docker_auth_config DOCKER_AUTH_CONFIG npm_auth _authToken _auth _password
    TF_VAR_db_password KUBE_TOKEN CI_JOB_TOKEN CI_REGISTRY_PASSWORD ARTIFACTORY_API_KEY SONAR_TOKEN CODECOV_TOKEN HEROKU_API_KEY
    TWILIO_AUTH_TOKEN twilioAuthToken SENTRY_AUTH_TOKEN CLOUDFLARE_API_TOKEN DIGITALOCEAN_ACCESS_TOKEN NPM_AUTH_TOKEN HF_TOKEN
    AZURE_CLIENT_SECRET ARM_CLIENT_SECRET azureClientSecret GCP_PRIVATE_KEY oidc_client_secret OAUTH_CLIENT_SECRET
    AWSSecretKey awsaccesskey githubtoken slackbottoken stripesecretkey sendgridapikey mongodbpassword redispass smtppassword
    dbPasswd db_passwd mysqlPasswd unixPasswd
    password_field passwordField passwordfield PASSWORDFIELD passwordinput inputpassword field_cvv fieldcvv inputssn otp_field
    accesstokeninput API_KEY_FIELD securitypinfield csrffield 2fa 2FA 2faCode 2FACODE 2FATOKEN twoFactorPin otp_pin
    acc_number accNumber bank_acc bankAcc routing_acc_number account_bank_number bank_acc[routing_num] cert issuer_certificate
    card_verification payment_method_nonce paymentMethodNonce security_question otp_attempt passhash pass_hash api_signature
    signature_key decrypt_key cert_key insert_key sdk_key LAUNCHDARKLY_SDK_KEY SUPABASE_SERVICE_ROLE_KEY community_string
    passord Passord jelszó JELSZÓ κωδικός ΚΩΔΙΚΟΣ contraseña CONTRASEÑA mot_de_passe motDePasse Kennwort wachtwoord Пароль пароль_пользователя
    密码 用户密码 密碼 パスワード 비밀번호 şifre hasło lösenord adgangskode clave_api claveApi chave_secreta clé_api número_tarjeta 信用卡号 身份证号
    токен секретный_ключ csrffield inputssn otpinput cvvfield accnumberfield bind_pw certificate_pin ELEVENLABS_KEY
    snmp_community user_token_v1 requirepass masterauth ROOT_PW FTP_PW X-OpenAI-Key X-ClickHouse-Key X-Twilio-Signature oobCode SecurityStamp FERNET_KEY
    Cf-Access-Jwt-Assertion auth_session SLACK_WEBHOOK_URL cvn fiscal_code personal_identity_code
    us_passport uk_nhs au_tfn au_medicare in_pan es_nif tax_reference_number email_code x-mashape-key todoist_key airvisualKey
    streamKey stream_key macKey sse_customer_key x-amz-server-side-encryption-customer-key authenticationMaterial x-goog-signature
    x-firebase-appcheck magic_link magicLink pwdHash totp_seed pkce_verifier discord_webhook teams_webhook zapier_hook azure_sas
    functionKey sasSignature sasl.jaas.config rndc_key adminkey sys_pswd id_card otp_pepper private_key_file_pwd community_strings
    softlayer_key cloudant-key hockeyapp_key keyfile_dict tokenCredential secretarySecret emv_data bvn dni nif ein insurance_number identityNumber routing_no Jenkins-Crumb sonar.login pendo_key";

/// The same, with blanks.
const SENSITIVE_PHRASES: &[&str] = &[
    "api key",
    "API Key",
    "access token",
    "Card number",
    "Credit Card Number",
    "private key",
    "Social Security Number",
    "connection string",
    "client secret",
    "Set Cookie",
    "security code",
    "new password",
    "Password (again)",
    "bank account number",
    "session token",
    "CSRF token",
    "one-time password",
    "seed phrase",
    "pass phrase",
    "PIN code",
];

/// Names that look like those of secrets, and are none.
const LOOK_ALIKES: &str = "
    author authors author_id authorId author_name authority authorities authored_by authorName co_author authoring authoritative
    authorized is_authorized authorized_by authenticated is_authenticated isAuthenticated authenticated_at authenticator
    authenticity auth_type authType auth_method authMethod auth_provider auth_time auth_status auth_url auth_level auth_failed auth_success
    auth_event auth_attempts auth_mode oauth_provider oauth_state_valid authorization_status authorization_type authorization_endpoint
    authorization_url authorization_policy
    token_count tokenCount tokens tokens_used tokenizer tokenize tokenized tokenization tokenizer_name max_tokens maxTokens min_tokens
    total_tokens totalTokens prompt_tokens promptTokens completion_tokens input_tokens output_tokens cached_tokens reasoning_tokens
    num_tokens tokens_per_second tokens_remaining token_limit tokenLimit token_type tokenType token_expires_in token_expires_at
    token_expiry token_ttl token_id token_name token_endpoint token_url token_uri token_usage token_budget token_length token_version
    token_issuer token_bucket token_kind token_index next_token nextToken next_page_token nextPageToken page_token continuation_token
    pagination_token cursor_token eos_token pad_token bos_token unk_token stop_token cancellation_token cancellationToken
    idempotency_token token_address token_symbol token_scope token_created_at token_status has_token hasToken is_token_valid
    unexpected_token invalid_token_count tokenAmount
    passenger passengers passenger_count passenger_name compass passage passages bypass bypass_cache bypassed passing passed tests_passed
    pass_rate pass_count passCount pass_through passthrough passive passive_mode passion encompass surpass trespass overpass underpass
    boarding_pass boardingPass render_pass renderPass first_pass second_pass low_pass high_pass band_pass lowpass highpass
    passport_country passport_expired impasse impassable pass_percentage passerine
    password_changed_at passwordChangedAt password_expired passwordExpired password_expires_at password_expiry password_age has_password
    hasPassword password_set_at password_policy passwordPolicy password_strength password_length passwordLength min_password_length
    password_required passwordRequired requires_password password_reset_at password_updated_at password_last_changed password_attempts
    password_history_size password_enabled passwordless passwordless_enabled is_password_set password_reset_url password_hint_count
    password_reset_sent_at password_manager password_field_name show_password forgot_password password_min_length
    secretary secretariat secretion secretly secret_name secretName secret_version secret_arn secret_path secret_count secrets_manager
    secret_manager secret_ref secretKeyRef_name secret_type secret_created_at has_secret secret_rotation secret_store secret_store_url
    key keys key_id keyId key_name keyName key_type key_size key_length key_count primary_key primaryKey foreign_key foreignKey public_key
    publicKey PUBLIC_KEY ssh_public_key public_key_id cache_key cacheKey partition_key partitionKey sort_key hash_key range_key
    routing_key routingKey idempotency_key idempotencyKey Idempotency-Key map_key row_key column_key index_key lookup_key
    translation_key i18n_key object_key s3_key bucket_key redis_key config_key group_key shard_key unique_key natural_key composite_key
    surrogate_key business_key message_key keyboard keyboards keyboard_layout monkey monkeys donkey turkey hockey jockey whiskey key_code
    keyCode keycode keyword keywords keyspace keyframe keyframes keypress keydown keyup keypad keynote hotkey hot_key shortcut_key
    publishable_key key_fingerprint keyring_path keystore_path api_key_prefix api_key_id apiKeyId api_key_name api_key_count
    api_key_created_at api_key_last_used api_version api_name api_url kid key_vault_url key_algorithm private_key_id private_key_path
    access_key_age encryption_key_id kms_key_id signing_key_id event_key dedup_key issue_key jira_issue_key
    session_id session.id sessionId session_count sessionCount session_duration sessionDuration session_start session_started_at
    session_timeout session_type session_length session_name sessions_active active_sessions session_expires_at
    cookie_consent cookieConsent cookie_policy cookie_domain cookie_name cookies_enabled cookie_banner cookie_max_age
    credential_type credential_id credentialId credentials_provider credential_count credit credits credit_limit credit_score creditor
    accredited discredit
    card card_type cardType card_brand cardBrand card_last4 cardLast4 card_id cardinality cardiology discard discarded dashboard_card
    scorecard postcard wildcard card_count cardboard flashcard
    pinned pinned_at isPinned pinning ping pings pipeline pin_id pin_count pin_mode gpio_pin input_pin output_pin spin spinner opinion
    shipping shipping_cost mapping hairpin lynchpin pinpoint
    csv csv_file cvs cvs_root descr scv ccy iban_country ibang account account_id accountId account_name account_type account_status
    account_count bank_name bankName bank_id routing_policy routing_table sort_order sort_by tax tax_rate tax_amount taxi taxonomy license
    license_type licensed national nationality passport_type
    cert_path certificate_id certificate_expiry certificate_count certified certification signature_algorithm signature_valid
    signature_version function_signature method_signature design significant signal signed signed_at signed_in signup sign_in_count
    assign assigned assignee resign
    hash hash_algorithm body_sha256 sha256 md5 checksum digest etag fingerprint git_hash commit_hash block_hash file_hash content_hash
    desalted salted saltwater basalt asphalt
    id user_id userId username user_name login login_count email_verified ip ip_address source.ip user_agent tenant request_id trace_id
    span_id method route path status_code resource resource_type resource_id old new message error duration_ms request_bytes
    response_bytes mfa mfa_enabled mfa_method mfa_required otp_enabled otp_required otp_sent_at totp_enabled two_factor_enabled reason
    action outcome severity category event time occurred seq truncated redacted flagged suspicious_reason rule tag seal
    status_code error_code exit_code zip_code country_code postal_code area_code language_code currency_code product_code promo_code
    coupon_code qr_code barcode source_code response_code code code_name
    url uri host port database database_name db_name db_host connection connection_id connection_count connections string_length
    dsl dsp dns domain ssnake classname session_class ssid
    security security_level security_group security_context secure is_secure security_event access access_level access_count access_time
    access_log accessed_at private is_private privacy private_ip private_network client client_id clientId client_name client_ip
    consumer consumer_group consumer_id app app_id app_name application application_name master master_node slave
    encrypted is_encrypted encryption encryption_algorithm encryption_enabled crypto crypto_currency cryptography
    seed seed_value seeds phrase phrases mood_phrase recovery recovery_time recovery_email backup backup_path backup_size
    diagnostics diagnostic_id prescribed health health_status healthcheck medical bloodline biometric_enabled
    account_sid user_sid AccountSid sid_name sidebar side residual president consider inside
    not_before nbf exp iat iss aud sub scope scopes grant_type response_type redirect_uri state nonce_count
    webhook webhook_url webhook_id hook callback_url bot bot_name vault vault_name vault_path wallet_id wallet_balance
    track3 track_2 track12 tint sinus ninth signs signed_by signpost cards card_count postcard trackpad inputs_pinned
    tracker track track_id soundtrack track_count racetrack expiry expires_at exp_month exp_year
    bearing forbearance bear jwt_expires_in jwt_issuer jwt_algorithm jws_algorithm mnemonic_length pan_gesture panel company expand
    span japan authorization_id
    master_key_identifier password_manager password_mgr password_grant token_resolver colon_token paren_token version_token
    form_field field_name field_count input_type input_mask input_tokens token_field_count fa sofa fast field2 infield outfield
    dbus_user_session acc accent accelerator bank_accent routing banknote webhook_url webhook_id question questions
    paroles autor pasaporte_tipo llave clé schlüssel ключ 键 标题 作者 название título größe fieldset inputs infield_name label_input
    unlock_code_sent otp_requested_at secret_viewed token_delivered pw_uid pw_name pw_gecos total_pw function_signature
    commit_signature open_key house_key
    promptForPass ask_password prompt_for_password acme_key widget_key user_key node_key LPWORD pepper partner_keys functions
    magic_link_sent_at next_forward_token nextBackwardToken sequence_token starting_token stream mac customer_key_id insurance identity
    verification_status community community_id nonce_length signature_count version_v1";

fn names(list: &str) -> Vec<&str> {
    list.split_ascii_whitespace().collect()
}

#[test]
fn sensitive_names_are_known() {
    let policy = Policy::compile(&Redaction::standard(), None);
    let all: Vec<_> = names(SENSITIVE)
        .into_iter()
        .chain(SENSITIVE_PHRASES.iter().copied())
        .collect();
    let missed: Vec<_> = all.iter().filter(|name| policy.name(name).is_none()).collect();
    println!("{} of {} sensitive names missed: {missed:?}", missed.len(), all.len());
    assert!(all.len() >= 300);
    assert!(missed.len() * 100 <= all.len() * 3, "{missed:?}");
}

#[test]
fn look_alikes_stay() {
    let policy = Policy::compile(&Redaction::standard(), None);
    let all = names(LOOK_ALIKES);
    let hit: Vec<_> = all
        .iter()
        .filter_map(|name| Some((name, policy.name(name)?.class)))
        .collect();
    println!("{} of {} look-alikes hit: {hit:?}", hit.len(), all.len());
    assert!(all.len() >= 300);
    assert!(hit.len() * 100 <= all.len(), "{hit:?}");
}
