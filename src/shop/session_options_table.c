/* SPDX-License-Identifier: ISC */
/*
 * The parameters of a Checkout Session, as data: which of them the owner may
 * choose, and which are ordersnap's own.
 * https://docs.stripe.com/api/checkout/sessions/create, for hosted pages in payment
 * mode.  A code list that grows at Stripe (countries, currencies) is no list here.
 */
#include "shop/session_options.h"

#define FLAG(path_) {.path = (path_), .type = OPTION_FLAG}
#define NEEDED_FLAG(path_) {.path = (path_), .type = OPTION_FLAG, .needed = true}
#define TEXT(path_, max_) {.path = (path_), .type = OPTION_TEXT, .max = (max_)}
#define NEEDED_TEXT(path_, max_) \
	{.path = (path_), .type = OPTION_TEXT, .max = (max_), .needed = true}
#define INT(path_, min_, max_) {.path = (path_), .type = OPTION_INT, .min = (min_), .max = (max_)}
#define NEEDED_INT(path_, min_, max_) \
	{.path = (path_), .type = OPTION_INT, .min = (min_), .max = (max_), .needed = true}
#define CHOICE(path_, words_) {.path = (path_), .type = OPTION_CHOICE, .text = (words_)}
#define NEEDED_CHOICE(path_, words_) \
	{.path = (path_), .type = OPTION_CHOICE, .text = (words_), .needed = true}
#define NEEDED_OBJECT(path_) {.path = (path_), .type = OPTION_OBJECT, .needed = true}
#define LIST(path_, max_) {.path = (path_), .type = OPTION_LIST, .max = (max_)}
#define NEEDED_LIST(path_, max_) \
	{.path = (path_), .type = OPTION_LIST, .max = (max_), .needed = true}
#define OURS(path_, how_) {.path = (path_), .type = OPTION_OURS, .text = (how_)}

#define AMOUNT_MAX 999999999999
#define ANY_TEXT 5000 /* Stripe's bound for a text that has no other */
#define QUANTITY_MAX 999999
#define METADATA_MAX_VALUE 500
#define UNITS "business_day day hour month week"
#define TAX_BEHAVIOR "exclusive inclusive unspecified"
#define SESSION_ONLY "it is for sessions of another kind"

const char session_option_locales[] =
	"auto bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hi-IN hr hu id it ja ko lt lv "
	"ms mt nb nl pl pt pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW";

const struct session_option session_option_table[] = {
	FLAG("adaptive_pricing.enabled"),
	NEEDED_FLAG("after_expiration.recovery.enabled"),
	FLAG("after_expiration.recovery.allow_promotion_codes"),
	FLAG("allow_promotion_codes"),
	TEXT("allowed_payment_method_types[]", 100),
	NEEDED_FLAG("automatic_tax.enabled"),
	NEEDED_CHOICE("automatic_tax.liability.type", "account self"),
	TEXT("automatic_tax.liability.account", ANY_TEXT),
	CHOICE("billing_address_collection", "auto required"),
	TEXT("branding_settings.background_color", 7),
	CHOICE("branding_settings.border_style", "pill rectangular rounded"),
	TEXT("branding_settings.button_color", 7),
	TEXT("branding_settings.display_name", ANY_TEXT),
	TEXT("branding_settings.font_family", 100),
	NEEDED_CHOICE("branding_settings.icon.type", "file url"),
	TEXT("branding_settings.icon.file", ANY_TEXT),
	TEXT("branding_settings.icon.url", ANY_TEXT),
	NEEDED_CHOICE("branding_settings.logo.type", "file url"),
	TEXT("branding_settings.logo.file", ANY_TEXT),
	TEXT("branding_settings.logo.url", ANY_TEXT),
	NEEDED_CHOICE("consent_collection.payment_method_reuse_agreement.position", "auto hidden"),
	CHOICE("consent_collection.promotions", "auto none"),
	CHOICE("consent_collection.terms_of_service", "none required"),
	LIST("custom_fields[]", 3),
	NEEDED_TEXT("custom_fields[].key", 200),
	NEEDED_OBJECT("custom_fields[].label"),
	NEEDED_TEXT("custom_fields[].label.custom", 50),
	NEEDED_CHOICE("custom_fields[].label.type", "custom"),
	FLAG("custom_fields[].optional"),
	NEEDED_CHOICE("custom_fields[].type", "dropdown numeric text"),
	TEXT("custom_fields[].dropdown.default_value", 100),
	NEEDED_LIST("custom_fields[].dropdown.options[]", 200),
	NEEDED_TEXT("custom_fields[].dropdown.options[].label", 100),
	NEEDED_TEXT("custom_fields[].dropdown.options[].value", 100),
	TEXT("custom_fields[].numeric.default_value", 255),
	INT("custom_fields[].numeric.maximum_length", 0, 255),
	INT("custom_fields[].numeric.minimum_length", 0, 255),
	TEXT("custom_fields[].text.default_value", 255),
	INT("custom_fields[].text.maximum_length", 0, 255),
	INT("custom_fields[].text.minimum_length", 0, 255),
	NEEDED_TEXT("custom_text.after_submit.message", 1200),
	NEEDED_TEXT("custom_text.shipping_address.message", 1200),
	NEEDED_TEXT("custom_text.submit.message", 1200),
	NEEDED_TEXT("custom_text.terms_of_service_acceptance.message", 1200),
	CHOICE("customer_creation", "always if_required"),
	LIST("discounts[]", 1),
	TEXT("discounts[].coupon", ANY_TEXT),
	TEXT("discounts[].promotion_code", ANY_TEXT),
	TEXT("excluded_payment_method_types[]", 100),
	TEXT("integration_identifier", ANY_TEXT),
	NEEDED_FLAG("invoice_creation.enabled"),
	TEXT("invoice_creation.invoice_data.account_tax_ids[]", ANY_TEXT),
	LIST("invoice_creation.invoice_data.custom_fields[]", 4),
	NEEDED_TEXT("invoice_creation.invoice_data.custom_fields[].name", 40),
	NEEDED_TEXT("invoice_creation.invoice_data.custom_fields[].value", 140),
	TEXT("invoice_creation.invoice_data.description", 1500),
	TEXT("invoice_creation.invoice_data.footer", ANY_TEXT),
	NEEDED_CHOICE("invoice_creation.invoice_data.issuer.type", "account self"),
	TEXT("invoice_creation.invoice_data.issuer.account", ANY_TEXT),
	TEXT("invoice_creation.invoice_data.metadata.*", METADATA_MAX_VALUE),
	CHOICE("invoice_creation.invoice_data.rendering_options.amount_tax_display",
	       "exclude_tax include_inclusive_tax"),
	TEXT("invoice_creation.invoice_data.rendering_options.template", ANY_TEXT),
	CHOICE("locale", session_option_locales),
	FLAG("managed_payments.enabled"),
	TEXT("metadata.*", METADATA_MAX_VALUE),
	NEEDED_FLAG("name_collection.business.enabled"),
	FLAG("name_collection.business.optional"),
	NEEDED_FLAG("name_collection.individual.enabled"),
	FLAG("name_collection.individual.optional"),
	LIST("optional_items[]", 10),
	NEEDED_TEXT("optional_items[].price", ANY_TEXT),
	NEEDED_INT("optional_items[].quantity", 1, QUANTITY_MAX),
	NEEDED_FLAG("optional_items[].adjustable_quantity.enabled"),
	INT("optional_items[].adjustable_quantity.maximum", 1, QUANTITY_MAX),
	INT("optional_items[].adjustable_quantity.minimum", 0, QUANTITY_MAX),
	CHOICE("origin_context", "mobile_app web"),
	INT("payment_intent_data.application_fee_amount", 0, AMOUNT_MAX),
	CHOICE("payment_intent_data.capture_method", "automatic automatic_async manual"),
	TEXT("payment_intent_data.description", 1000),
	TEXT("payment_intent_data.metadata.*", METADATA_MAX_VALUE),
	TEXT("payment_intent_data.on_behalf_of", ANY_TEXT),
	TEXT("payment_intent_data.receipt_email", 800),
	CHOICE("payment_intent_data.setup_future_usage", "off_session on_session"),
	TEXT("payment_intent_data.statement_descriptor", 22),
	TEXT("payment_intent_data.statement_descriptor_suffix", 22),
	INT("payment_intent_data.transfer_data.amount", 1, AMOUNT_MAX),
	NEEDED_TEXT("payment_intent_data.transfer_data.destination", ANY_TEXT),
	TEXT("payment_intent_data.transfer_group", ANY_TEXT),
	TEXT("payment_method_configuration", 100),
	CHOICE("payment_method_data.allow_redisplay", "always limited unspecified"),
	INT("payment_method_options.boleto.expires_after_days", 0, 60),
	CHOICE("payment_method_options.card.capture_method", "manual"),
	FLAG("payment_method_options.card.installments.enabled"),
	CHOICE("payment_method_options.card.request_three_d_secure", "any automatic challenge"),
	TEXT("payment_method_options.card.restrictions.brands_blocked[]", 100),
	CHOICE("payment_method_options.card.setup_future_usage", "off_session on_session"),
	TEXT("payment_method_options.card.statement_descriptor_suffix_kana", 22),
	TEXT("payment_method_options.card.statement_descriptor_suffix_kanji", 17),
	INT("payment_method_options.konbini.expires_after_days", 1, 60),
	INT("payment_method_options.oxxo.expires_after_days", 1, 7),
	INT("payment_method_options.pix.expires_after_seconds", 10, 1209600),
	INT("payment_method_options.swish.reference", 0, AMOUNT_MAX),
	CHOICE("payment_method_options.wechat_pay.client", "android ios web"),
	NEEDED_FLAG("phone_number_collection.enabled"),
	CHOICE("saved_payment_method_options.allow_redisplay_filters[]", "always limited unspecified"),
	CHOICE("saved_payment_method_options.payment_method_remove", "disabled enabled"),
	CHOICE("saved_payment_method_options.payment_method_save", "disabled enabled"),
	NEEDED_LIST("shipping_address_collection.allowed_countries[]", 300),
	{.path = "shipping_address_collection.allowed_countries[]", .type = OPTION_COUNTRY},
	LIST("shipping_options[]", 5),
	TEXT("shipping_options[].shipping_rate", ANY_TEXT),
	NEEDED_TEXT("shipping_options[].shipping_rate_data.display_name", 100),
	CHOICE("shipping_options[].shipping_rate_data.type", "fixed_amount"),
	NEEDED_CHOICE("shipping_options[].shipping_rate_data.delivery_estimate.maximum.unit", UNITS),
	NEEDED_INT("shipping_options[].shipping_rate_data.delivery_estimate.maximum.value", 1,
		   AMOUNT_MAX),
	NEEDED_CHOICE("shipping_options[].shipping_rate_data.delivery_estimate.minimum.unit", UNITS),
	NEEDED_INT("shipping_options[].shipping_rate_data.delivery_estimate.minimum.value", 1,
		   AMOUNT_MAX),
	NEEDED_OBJECT("shipping_options[].shipping_rate_data.fixed_amount"),
	NEEDED_INT("shipping_options[].shipping_rate_data.fixed_amount.amount", 0, AMOUNT_MAX),
	{.path = "shipping_options[].shipping_rate_data.fixed_amount.currency",
	 .type = OPTION_CURRENCY, .needed = true},
	NEEDED_INT("shipping_options[].shipping_rate_data.fixed_amount.currency_options.*.amount", 0,
		   AMOUNT_MAX),
	CHOICE("shipping_options[].shipping_rate_data.fixed_amount.currency_options.*.tax_behavior",
	       TAX_BEHAVIOR),
	TEXT("shipping_options[].shipping_rate_data.metadata.*", METADATA_MAX_VALUE),
	CHOICE("shipping_options[].shipping_rate_data.tax_behavior", TAX_BEHAVIOR),
	TEXT("shipping_options[].shipping_rate_data.tax_code", ANY_TEXT),
	CHOICE("submit_type", "auto book donate pay"),
	NEEDED_FLAG("tax_id_collection.enabled"),
	CHOICE("tax_id_collection.required", "if_supported never"),
	CHOICE("wallet_options.link.display", "auto never"),

	OURS("cancel_url", "it is CHECKOUT_CANCEL_URL, or the request's cancelUrl"),
	OURS("client_reference_id", "it is the user of the request"),
	OURS("currency", "it is the quote's"),
	OURS("customer", "who buys comes with the request"),
	OURS("customer_account", "who buys comes with the request"),
	OURS("customer_email", "it is the request's customerEmail"),
	OURS("customer_update", "who buys comes with the request"),
	OURS("expand", "it changes nothing about a session"),
	OURS("expires_at", "SESSION_TTL_MINUTES says how long a session can be paid"),
	OURS("line_items", "they are the quote's"),
	OURS("metadata.normalizedHash", "it is the quote's"),
	OURS("metadata.quoteSignature", "it is the quote's"),
	OURS("metadata.userId", "it is the user of the request"),
	OURS("metadata.userKind", "it is the user of the request"),
	OURS("metadata.user_id", "it is the user of the request"),
	OURS("mode", "it is CHECKOUT_MODE"),
	OURS("payment_intent_data.metadata.normalizedHash", "it is the quote's"),
	OURS("payment_intent_data.metadata.quoteSignature", "it is the quote's"),
	OURS("payment_intent_data.metadata.userId", "it is the user of the request"),
	OURS("payment_intent_data.metadata.userKind", "it is the user of the request"),
	OURS("payment_intent_data.metadata.user_id", "it is the user of the request"),
	OURS("payment_method_collection", SESSION_ONLY),
	OURS("payment_method_types", "Stripe calls it allowed_payment_method_types now"),
	OURS("permissions", SESSION_ONLY),
	OURS("redirect_on_completion", SESSION_ONLY),
	OURS("return_url", "it is CHECKOUT_SUCCESS_URL, or the request's successUrl"),
	OURS("setup_intent_data", SESSION_ONLY),
	OURS("subscription_data", SESSION_ONLY),
	OURS("success_url", "it is CHECKOUT_SUCCESS_URL, or the request's successUrl"),
	OURS("ui_mode", "ordersnap sends the buyer to Stripe's own page"),
	{.path = NULL},
};

const char *const session_option_exclusive[][2] = {
	{"allow_promotion_codes", "discounts"},
	{"allowed_payment_method_types", "excluded_payment_method_types"},
	{"discounts[].coupon", "discounts[].promotion_code"},
	{"shipping_options[].shipping_rate", "shipping_options[].shipping_rate_data"},
	{NULL, NULL},
};
