// SPDX-License-Identifier: ISC
//
// The Go peer: what a competent team writes.  net/http, encoding/json and
// Amazon's SDK; for each new event one GetItem, one call to Stripe for the
// session with its lines and charge, one TransactWriteItems of three items.
package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

type event struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Created int64  `json:"created"`
	Data    struct {
		Object session `json:"object"`
	} `json:"data"`
}

type address struct {
	Line1      *string `json:"line1" dynamodbav:"line1,omitempty"`
	Line2      *string `json:"line2" dynamodbav:"line2,omitempty"`
	City       *string `json:"city" dynamodbav:"city,omitempty"`
	State      *string `json:"state" dynamodbav:"state,omitempty"`
	PostalCode *string `json:"postal_code" dynamodbav:"postalCode,omitempty"`
	Country    *string `json:"country" dynamodbav:"country,omitempty"`
}

type session struct {
	ID              string            `json:"id"`
	Created         int64             `json:"created"`
	Mode            string            `json:"mode"`
	PaymentStatus   string            `json:"payment_status"`
	AmountTotal     int64             `json:"amount_total"`
	AmountSubtotal  int64             `json:"amount_subtotal"`
	Currency        string            `json:"currency"`
	Livemode        bool              `json:"livemode"`
	Metadata        map[string]string `json:"metadata"`
	CustomerDetails struct {
		Email *string `json:"email"`
		Name  *string `json:"name"`
		Phone *string `json:"phone"`
	} `json:"customer_details"`
	TotalDetails struct {
		Discount int64 `json:"amount_discount"`
		Shipping int64 `json:"amount_shipping"`
		Tax      int64 `json:"amount_tax"`
	} `json:"total_details"`
	Collected struct {
		Shipping *struct {
			Name    string  `json:"name"`
			Address address `json:"address"`
		} `json:"shipping_details"`
	} `json:"collected_information"`
	PaymentIntent json.RawMessage `json:"payment_intent"`
	LineItems     struct {
		Data []struct {
			Description    string `json:"description"`
			Quantity       int64  `json:"quantity"`
			AmountTotal    int64  `json:"amount_total"`
			AmountSubtotal int64  `json:"amount_subtotal"`
			Currency       string `json:"currency"`
			Price          struct {
				ID         string `json:"id"`
				UnitAmount int64  `json:"unit_amount"`
				Product    struct {
					ID       string            `json:"id"`
					Name     string            `json:"name"`
					Metadata map[string]string `json:"metadata"`
				} `json:"product"`
			} `json:"price"`
		} `json:"data"`
	} `json:"line_items"`
}

type item struct {
	Name           string `dynamodbav:"name"`
	Quantity       int64  `dynamodbav:"quantity"`
	UnitPrice      int64  `dynamodbav:"unitPrice"`
	AmountTotal    int64  `dynamodbav:"amountTotal"`
	AmountSubtotal int64  `dynamodbav:"amountSubtotal"`
	Currency       string `dynamodbav:"currency"`
	Sku            string `dynamodbav:"sku,omitempty"`
	PriceID        string `dynamodbav:"stripePriceId"`
	ProductID      string `dynamodbav:"stripeProductId"`
}

type order struct {
	PK, SK        string
	OrderID       string            `dynamodbav:"orderId"`
	OrderNumber   string            `dynamodbav:"orderNumber"`
	UserID        string            `dynamodbav:"userId"`
	Status        string            `dynamodbav:"status"`
	Amount        int64             `dynamodbav:"amount"`
	Subtotal      int64             `dynamodbav:"amountSubtotal"`
	Discount      int64             `dynamodbav:"amountDiscount"`
	Shipping      int64             `dynamodbav:"amountShipping"`
	Tax           int64             `dynamodbav:"amountTax"`
	Currency      string            `dynamodbav:"currency"`
	Items         []item            `dynamodbav:"items"`
	ItemCount     int64             `dynamodbav:"itemCount"`
	CreatedAt     string            `dynamodbav:"createdAt"`
	CompletedAt   string            `dynamodbav:"completedAt"`
	SessionID     string            `dynamodbav:"stripeSessionId"`
	PaymentIntent string            `dynamodbav:"stripePaymentIntentId,omitempty"`
	Email         *string           `dynamodbav:"customerEmail,omitempty"`
	Name          *string           `dynamodbav:"customerName,omitempty"`
	Phone         *string           `dynamodbav:"customerPhone,omitempty"`
	ShippingTo    *address          `dynamodbav:"shippingAddress,omitempty"`
	Metadata      map[string]string `dynamodbav:"metadata,omitempty"`
	Livemode      bool              `dynamodbav:"livemode"`
}

var (
	secret    = []byte(os.Getenv("STRIPE_WEBHOOK_SECRET"))
	stripeKey = os.Getenv("STRIPE_SECRET")
	stripeURL = os.Getenv("STRIPE_API_BASE")
	table     = aws.String(os.Getenv("COMMERCE_TABLE"))
	upstream  = &http.Client{Timeout: 6 * time.Second, Transport: &http.Transport{
		MaxIdleConnsPerHost: 256, MaxConnsPerHost: 256}}
	db *dynamodb.Client
)

var errSignature = errors.New("the signature does not match")

func verify(header string, body []byte) error {
	var t string
	var macs [][]byte
	for _, part := range strings.Split(header, ",") {
		k, v, _ := strings.Cut(part, "=")
		switch k {
		case "t":
			t = v
		case "v1":
			if mac, err := hex.DecodeString(v); err == nil {
				macs = append(macs, mac)
			}
		}
	}
	at, err := strconv.ParseInt(t, 10, 64)
	if err != nil || time.Since(time.Unix(at, 0)) > 5*time.Minute {
		return errSignature
	}
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(t + "."))
	h.Write(body)
	sum := h.Sum(nil)
	for _, mac := range macs {
		if hmac.Equal(mac, sum) {
			return nil
		}
	}
	return errSignature
}

func fetch(ctx context.Context, id string) (*session, error) {
	q := url.Values{"expand[]": {"line_items.data.price.product", "payment_intent.latest_charge"}}
	r, err := http.NewRequestWithContext(ctx, "GET", stripeURL+"/v1/checkout/sessions/"+
		url.PathEscape(id)+"?"+q.Encode(), nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+stripeKey)
	r.Header.Set("Stripe-Version", "2026-10-28.endive")
	answer, err := upstream.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != 200 {
		return nil, fmt.Errorf("stripe answers %d %v", answer.StatusCode, err)
	}
	s := new(session)
	return s, json.Unmarshal(body, s)
}

func key(pk, sk string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"PK": &types.AttributeValueMemberS{Value: pk}, "SK": &types.AttributeValueMemberS{Value: sk}}
}

func orderOf(e *event, s *session) (*order, string) {
	created := time.Unix(s.Created, 0).UTC().Format(time.RFC3339)
	user := s.Metadata["userId"]
	if user == "" && s.CustomerDetails.Email != nil {
		user = strings.ToLower(*s.CustomerDetails.Email)
	}
	number := s.ID[strings.LastIndex(s.ID, "_")+1:]
	if len(number) > 8 {
		number = number[len(number)-8:]
	}
	o := &order{PK: "USER#" + user, SK: fmt.Sprintf("ORDER#%d#%s", s.Created, s.ID), OrderID: s.ID,
		OrderNumber: "BC-" + strings.ToUpper(number), UserID: user, Status: "completed",
		Amount: s.AmountTotal, Subtotal: s.AmountSubtotal, Discount: s.TotalDetails.Discount,
		Shipping: s.TotalDetails.Shipping, Tax: s.TotalDetails.Tax, Currency: s.Currency,
		CreatedAt: created, CompletedAt: time.Unix(e.Created, 0).UTC().Format(time.RFC3339),
		SessionID: s.ID, Email: s.CustomerDetails.Email, Name: s.CustomerDetails.Name,
		Phone: s.CustomerDetails.Phone, Metadata: s.Metadata, Livemode: s.Livemode}
	var intent struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(s.PaymentIntent, &intent) == nil {
		o.PaymentIntent = intent.ID
	}
	if s.Collected.Shipping != nil {
		o.ShippingTo = &s.Collected.Shipping.Address
	}
	for _, l := range s.LineItems.Data {
		o.Items = append(o.Items, item{l.Description, l.Quantity, l.Price.UnitAmount, l.AmountTotal,
			l.AmountSubtotal, l.Currency, l.Price.Product.Metadata["sku"], l.Price.ID, l.Price.Product.ID})
		o.ItemCount += l.Quantity
	}
	return o, created
}

func put(item map[string]types.AttributeValue) types.TransactWriteItem {
	return types.TransactWriteItem{Put: &types.Put{TableName: table, Item: item,
		ConditionExpression: aws.String("attribute_not_exists(PK)")}}
}

func process(ctx context.Context, e *event) (string, error) {
	marker := key("EVENT#"+e.ID, "METADATA")
	got, err := db.GetItem(ctx, &dynamodb.GetItemInput{TableName: table, Key: marker,
		ConsistentRead: aws.Bool(true)})
	if err != nil {
		return "", err
	}
	if got.Item != nil {
		return "duplicate", nil
	}
	s, err := fetch(ctx, e.Data.Object.ID)
	if err != nil {
		return "", err
	}
	o, created := orderOf(e, s)
	attributes, err := attributevalue.MarshalMap(o)
	if err != nil {
		return "", err
	}
	marker["type"] = &types.AttributeValueMemberS{Value: e.Type}
	marker["orderId"] = &types.AttributeValueMemberS{Value: o.OrderID}
	marker["expiresAt"] = &types.AttributeValueMemberN{
		Value: strconv.FormatInt(time.Now().Unix()+30*86400, 10)}
	row := key("SESSION#"+s.ID, "METADATA")
	row["orderPK"] = &types.AttributeValueMemberS{Value: o.PK}
	row["orderSK"] = &types.AttributeValueMemberS{Value: o.SK}
	row["createdAt"] = &types.AttributeValueMemberS{Value: created}
	_, err = db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{
		TransactItems: []types.TransactWriteItem{put(marker), put(row), put(attributes)}})
	return "processed", err
}

func webhook(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err == nil {
		err = verify(r.Header.Get("Stripe-Signature"), body)
	}
	if err != nil {
		http.Error(w, `{"error":"the signature does not match"}`, 400)
		return
	}
	e := new(event)
	if err := json.Unmarshal(body, e); err != nil {
		http.Error(w, `{"error":"the body is not JSON"}`, 400)
		return
	}
	if e.Type != "checkout.session.completed" || e.Data.Object.Mode != "payment" {
		fmt.Fprintln(w, `{"status":"ignored"}`)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), 8*time.Second)
	defer cancel()
	status, err := process(ctx, e)
	if err != nil {
		log.Printf("failed %s: %v", e.ID, err)
		http.Error(w, `{"error":"try again"}`, 503)
		return
	}
	log.Printf("%s %s %s", status, e.ID, e.Data.Object.ID)
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]string{"status": status, "eventId": e.ID})
}

func main() {
	db = dynamodb.New(dynamodb.Options{
		Region: "eu-central-1", HTTPClient: upstream,
		Credentials:      credentials.NewStaticCredentialsProvider("AKIATEST", "secret-of-the-tests", ""),
		EndpointResolver: dynamodb.EndpointResolverFromURL(os.Getenv("AWS_ENDPOINT_URL_DYNAMODB")),
	})
	http.HandleFunc("/stripe/webhook", webhook)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
