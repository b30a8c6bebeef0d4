(** * The augmented primitive function: its gradient, and the conservation law

    Technical; the statements are in [AugmentedPrimitive.v] and [MiniBatch.v].

    [Phi(s, theta) = Phi(s, 0) + <phi(s), theta>], and
    [Phi~(s, theta) = Phi(s, theta) + 1/2 <K (phi(s) - c), phi(s) - c>] with a bounded
    self-adjoint operator [K] on the parameters and an anchor [c].  Write
    [v = K (phi(s) - c)] and [e = phi(s') - phi(s)].  Then, exactly,
    [Phi~(s', theta') - Phi~(s, theta) = Phi(s', theta' + v) - Phi(s, theta + v) + 1/2 <K e, e>],
    and the last term is of second order in [s' - s].  So the gradient of [Phi~] at
    [(s, theta)] is the gradient of [Phi] at [(s, theta + v)]: the parameters that C-EP has
    when its neurons are at [s]. *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics.
From CEP Require Export Vocabulary.
Set Implicit Arguments.
Open Scope R_scope.

(** ** Inner products bounded by the norm: [R^n], and every pre-Hilbert space *)

Lemma bounded_inner_product_R : bounded_inner_product R_NormedModule (fun x y : R => x * y).
Proof. exists 1. split. lra. intros x y. change (Rabs (x * y) <= 1 * (Rabs x * Rabs y)). rewrite Rabs_mult. lra. Qed.
Lemma bounded_inner_product_prod (U V : NM) ipU ipV :
  bounded_inner_product U ipU -> bounded_inner_product V ipV ->
  bounded_inner_product (prod_NormedModule R_AbsRing U V) (@product_inner U V ipU ipV).
Proof.
intros [M [M0 HM]] [M' [M0' HM']]. exists (M + M'). split. lra.
intros [x y] [x' y']. unfold product_inner; cbn [fst snd].
assert (P := proj1 (@norm_prod R_AbsRing U V x y)). assert (P' := proj1 (@norm_prod R_AbsRing U V x' y')).
set (n := norm ((x, y) : prod_NormedModule R_AbsRing U V)) in *.
set (n' := norm ((x', y') : prod_NormedModule R_AbsRing U V)) in *.
assert (Q : norm x <= n) by (eapply Rle_trans; [apply Rmax_l | exact P]).
assert (Q1 : norm y <= n) by (eapply Rle_trans; [apply Rmax_r | exact P]).
assert (Q' : norm x' <= n') by (eapply Rle_trans; [apply Rmax_l | exact P']).
assert (Q1' : norm y' <= n') by (eapply Rle_trans; [apply Rmax_r | exact P']).
eapply Rle_trans. apply Rabs_triang. rewrite Rmult_plus_distr_r. apply Rplus_le_compat.
- eapply Rle_trans. apply HM. apply Rmult_le_compat_l; auto. apply Rmult_le_compat; auto; apply norm_ge_0.
- eapply Rle_trans. apply HM'. apply Rmult_le_compat_l; auto. apply Rmult_le_compat; auto; apply norm_ge_0.
Qed.
Lemma bounded_inner_product_Rn n : bounded_inner_product (Rn n) (dot n).
Proof.
induction n as [|n IH]. exact bounded_inner_product_R.
exact (bounded_inner_product_prod bounded_inner_product_R IH).
Qed.
(* Cauchy-Schwarz *)
Lemma bounded_inner_product_hilbert (V : NM) ip : is_inner_product V ip ->
  (forall x, norm x = sqrt (ip x x)) -> bounded_inner_product V ip.
Proof.
intros H Hn. exists 1. split. lra. intros x y. rewrite Rmult_1_l, !Hn.
assert (P : forall v, 0 <= ip v v).
{ intros v. destruct (eq_dec v zero) as [->|E]. right. symmetry. apply (ip0r H). left. now apply (ip_pos H). }
destruct (eq_dec y zero) as [->|E].
{ assert (Z : ip x zero = 0) by apply (ip0r H). rewrite Z, Rabs_R0. apply Rmult_le_pos; apply sqrt_pos. }
assert (Py := ip_pos H E).
rewrite <- sqrt_mult by apply P. rewrite <- sqrt_Rsqr_abs. apply sqrt_le_1_alt. unfold Rsqr.
assert (Q := P (minus x (scal (ip x y / ip y y : R_AbsRing) y))).
assert (X : ip (minus x (scal (ip x y / ip y y : R_AbsRing) y)) (minus x (scal (ip x y / ip y y : R_AbsRing) y)) =
  ip x x - ip x y * ip x y / ip y y).
{ rewrite (ipMl H), !(ip_sym H _ (minus _ _)), !(ipMl H), !(ipSl H), !(ipSr H), (ip_sym H y x). field. lra. }
rewrite X in Q.
assert (W : ip x y * ip x y = ip x y * ip x y / ip y y * ip y y) by (field; lra).
rewrite W. apply Rmult_le_compat_r; lra.
Qed.

(** ** The gradient *)

Section Augmented.
Variables State Param : NM.
Local Notation Z := (prod_NormedModule R_AbsRing State Param).
Variables (ipS : State -> State -> R) (ipT : Param -> Param -> R).

Local Notation affine_in_param := (affine_in_param ipT).
Local Notation augmented_Phi := (augmented_Phi ipT).
Hypothesis HT : is_inner_product Param ipT.
Hypothesis ipT_bounded : bounded_inner_product Param ipT.
Variables (Phi : State * Param -> R) (phi : State -> Param) (K : Param -> Param) (anchor : Param).
Hypothesis K_linear : is_linear K.
Hypothesis K_sym : self_adjoint Param ipT K.
Hypothesis Phi_affine : affine_in_param Phi phi.

Lemma affine_gradient_param (s : State) (th : Param) : is_gradient Param ipT (fun v => Phi (s, v)) th (phi s).
Proof.
unfold is_gradient.
apply (@filterdiff_ext R_AbsRing Param R_NormedModule _ _ (fun v => plus (ipT (phi s) v) (Phi (s, zero)))).
{ intros v. rewrite (Phi_affine s v). unfold plus; simpl. ring. }
eapply filterdiff_ext_lin.
apply (@filterdiff_plus_fct R_AbsRing Param R_NormedModule _ _ (fun v => ipT (phi s) v) (fun _ => Phi (s, zero)) (fun v => ipT (phi s) v) (fun _ => zero)).
apply filterdiff_linear. apply (@ip_is_linear Param ipT (phi s) HT).
apply filterdiff_const.
intros y. apply plus_zero_r.
Qed.

(** The square completes exactly: the increment of the augmented function is the increment of
    [Phi] at the shifted parameters, and a remainder of second order. *)
Lemma augmented_increment (s s' : State) (th th' : Param) :
  let v := K (minus (phi s) anchor) in
  let e := minus (phi s') (phi s) in
  augmented_Phi Phi phi K anchor (s', th') - augmented_Phi Phi phi K anchor (s, th) =
  Phi (s', plus th' v) - Phi (s, plus th v) + / 2 * ipT (K e) e.
Proof.
intros v e. unfold augmented_Phi. change (fst (s', th')) with s'. change (fst (s, th)) with s.
assert (shift : forall x w, Phi (x, plus w v) = Phi (x, zero) + (ipT (phi x) w + ipT (phi x) v)).
{ intros x w. rewrite <- (ipPr HT). apply Phi_affine. }
rewrite !shift, (Phi_affine s' th'), (Phi_affine s th).
set (d := minus (phi s) anchor) in *.
replace (minus (phi s') anchor) with (plus d e) by (unfold d, e; module Param).
assert (EK : K (plus d e) = plus (K d) (K e)) by exact (linear_plus K K_linear d e).
rewrite EK, !(ipPl HT), !(ipPr HT). fold v.
assert (E1 : ipT (K e) d = ipT e v). { rewrite (K_sym e d). reflexivity. }
rewrite E1, (ip_sym HT e v).
assert (E2 : ipT v e = ipT (phi s') v - ipT (phi s) v).
{ unfold e. rewrite (ip_sym HT v). apply (ipMl HT). }
assert (E3 : ipT v d = ipT v d) by reflexivity.
lra.
Qed.

Lemma remainder_diff (s : State) (th : Param) : ex_filterdiff phi (locally s) ->
  filterdiff (U := Z) (V := R_NormedModule)
    (fun z => / 2 * ipT (K (minus (phi (fst z)) (phi s))) (minus (phi (fst z)) (phi s)))
    (locally ((s, th) : Z)) (fun _ => zero).
Proof.
intros [D [HD Hd]].
apply (@quadratic_remainder_diff Z R_NormedModule). apply is_linear_zero.
destruct ipT_bounded as [M [M0 HM]].
destruct (linear_norm K K_linear) as [N [N0 HN]].
destruct (linear_norm D HD) as [L [L0 HL]].
specialize (Hd s (fun P X => X) (mkposreal 1 Rlt_0_1)). simpl in Hd.
destruct (linear_norm _ (@is_linear_fst R_AbsRing State Param)) as [Q [Q0 HQ]].
exists (/ 2 * (M * N) * ((L + 1) * Q * ((L + 1) * Q))). split.
{ assert (0 <= M * N) by (apply Rmult_le_pos; lra). assert (0 <= (L + 1) * Q) by (apply Rmult_le_pos; lra).
  apply Rmult_le_pos. lra. now apply Rmult_le_pos. }
assert (C : @continuous Z State (fun z : Z => fst z) ((s, th) : Z)) by apply linear_cont, is_linear_fst.
assert (X := C _ Hd). unfold filtermap in X.
refine (@filter_imp Z (locally ((s, th) : Z)) _ _ _ _ X). intros [s' th'] Y.
set (q := minus ((s', th') : Z) ((s, th) : Z)).
assert (Y1 : norm (minus s' s) <= Q * norm q) by exact (HQ q).
simpl fst in Y.
set (e := minus (phi s') (phi s)) in *.
assert (Y2 : norm e <= (L + 1) * norm (minus s' s)).
{ replace e with (plus (minus e (D (minus s' s))) (D (minus s' s))) by module Param.
  eapply Rle_trans. apply norm_triangle. generalize (HL (minus s' s)). intros. 
  assert (Y' : norm (minus e (D (minus s' s))) <= 1 * norm (minus s' s)) by exact Y. lra. }
assert (Y3 : norm e <= (L + 1) * Q * norm q).
{ eapply Rle_trans. exact Y2. rewrite Rmult_assoc. apply Rmult_le_compat_l; lra. }
assert (E0 : minus (phi s) (phi s) = zero) by module Param.
cbn [fst]. fold e. rewrite E0.
assert (E1 : ipT (K zero) zero = 0) by apply (ip0r HT).
rewrite E1.
change (Rabs (/ 2 * ipT (K e) e + - (/ 2 * 0) + - 0) <= / 2 * (M * N) * ((L + 1) * Q * ((L + 1) * Q)) * (norm q * norm q)).
replace (/ 2 * ipT (K e) e + - (/ 2 * 0) + - 0) with (/ 2 * ipT (K e) e) by ring.
rewrite Rabs_mult, (Rabs_right (/ 2)) by lra.
assert (P0 : 0 <= norm e) by apply norm_ge_0.
assert (P1 : Rabs (ipT (K e) e) <= M * N * (norm e * norm e)).
{ eapply Rle_trans. apply HM. rewrite Rmult_assoc. apply Rmult_le_compat_l. exact M0.
  rewrite <- Rmult_assoc. apply Rmult_le_compat_r. exact P0. apply HN. }
assert (P2 : norm e * norm e <= ((L + 1) * Q * norm q) * ((L + 1) * Q * norm q)) by (apply Rmult_le_compat; assumption).
replace (/ 2 * (M * N) * ((L + 1) * Q * ((L + 1) * Q)) * (norm q * norm q)) with
  (/ 2 * (M * N * (((L + 1) * Q * norm q) * ((L + 1) * Q * norm q)))) by ring.
apply Rmult_le_compat_l. lra. eapply Rle_trans. exact P1. apply Rmult_le_compat_l; auto. apply Rmult_le_pos; lra.
Qed.

Lemma augmented_gradient (F : State * Param -> State) (Phi_theta : State * Param -> Param) (s : State) (th : Param) :
  let shifted := (s, plus th (K (minus (phi s) anchor))) in
  ex_filterdiff phi (locally s) ->
  is_gradient Z (@product_inner State Param ipS ipT) Phi shifted (F shifted, Phi_theta shifted) ->
  is_gradient Z (@product_inner State Param ipS ipT) (augmented_Phi Phi phi K anchor) (s, th)
    (augmented_F F phi K anchor (s, th), Phi_theta shifted).
Proof.
intros shifted Hphi HP. unfold is_gradient in *.
set (v := K (minus (phi s) anchor)) in *.
assert (D1 : filterdiff (U := Z) (V := Z) (fun z => plus z ((zero, v) : Z)) (locally ((s, th) : Z)) (fun h => h)).
{ eapply filterdiff_ext_lin.
  apply (@filterdiff_plus_fct R_AbsRing Z Z _ _ (fun z => z) (fun _ => (zero, v)) (fun z => z) (fun _ => zero)).
  apply filterdiff_id. apply filterdiff_const. intros y. apply plus_zero_r. }
assert (Es : plus ((s, th) : Z) ((zero, v) : Z) = shifted).
{ unfold shifted. apply injective_projections; simpl. apply (plus_zero_r s). reflexivity. }
assert (D2 : filterdiff (U := Z) (V := R_NormedModule) (fun z : Z => Phi (plus z ((zero, v) : Z))) (locally ((s, th) : Z))
   (fun h => @product_inner State Param ipS ipT (F shifted, Phi_theta shifted) h)).
{ apply (@filterdiff_comp' R_AbsRing Z Z R_NormedModule (fun z => plus z ((zero, v) : Z)) Phi (s, th) (fun h => h)
   (fun h => @product_inner State Param ipS ipT (F shifted, Phi_theta shifted) h) D1).
  rewrite Es. exact HP. }
assert (D3 := @remainder_diff s th Hphi).
assert (D4 := @filterdiff_plus_fct R_AbsRing Z R_NormedModule _ _ _ _ _ _ D2 D3).
assert (D5 := @filterdiff_plus_fct R_AbsRing Z R_NormedModule _ _ _ _ _ _ D4
   (filterdiff_const (U := Z) (V := R_NormedModule) (augmented_Phi Phi phi K anchor (s, th) - Phi shifted))).
eapply filterdiff_ext. 2: eapply filterdiff_ext_lin. 2: exact D5.
- intros [s' th']. cbn [fst].
  assert (E := augmented_increment s s' th th'). cbv zeta in E. fold v in E.
  assert (E' : plus ((s', th') : Z) ((zero, v) : Z) = (s', plus th' v)).
  { apply injective_projections; simpl. apply (plus_zero_r s'). reflexivity. }
  rewrite E'. unfold shifted.
  match goal with |- plus (plus ?a ?b) ?c = ?d => change (a + b + c = d) end. lra.
- intros [h k]. unfold augmented_F. cbn [fst snd]. fold v shifted.
  match goal with |- plus (plus ?a ?b) ?c = ?d => change (a + 0 + 0 = a) end. ring.
Qed.

Lemma augmented_gradient_state (F : State * Param -> State) (Phi_theta : State * Param -> Param) (s : State) (th : Param) :
  let shifted := (s, plus th (K (minus (phi s) anchor))) in
  ex_filterdiff phi (locally s) ->
  is_gradient Z (@product_inner State Param ipS ipT) Phi shifted (F shifted, Phi_theta shifted) ->
  is_gradient State ipS (fun x => augmented_Phi Phi phi K anchor (x, th)) s (augmented_F F phi K anchor (s, th)).
Proof.
intros shifted Hphi HP. assert (G := augmented_gradient F Phi_theta th Hphi HP).
unfold is_gradient in *.
assert (D : filterdiff (U := State) (V := Z) (fun x : State => (x, th)) (locally s) (fun h : State => (h, zero))).
{ split. apply is_linear_prod. apply is_linear_id. apply is_linear_zero.
  intros x Hx eps. apply filter_forall. intros y.
  assert (E : minus (minus ((y, th) : Z) ((x, th) : Z)) ((minus y x, zero) : Z) = zero).
  { apply injective_projections; simpl.
    change (minus (minus y x) (minus y x) = zero). module State.
    change (minus (minus th th) zero = zero). module Param. }
  eapply Rle_trans. right; apply f_equal; exact E.
  eapply Rle_trans. right; apply (@norm_zero R_AbsRing Z). apply Rmult_le_pos. left; apply cond_pos. apply norm_ge_0. }
assert (E := @filterdiff_comp' R_AbsRing State Z R_NormedModule _ _ _ _ _ D G).
eapply filterdiff_ext_lin. exact E. intros y. unfold product_inner; cbn [fst snd].
rewrite (ip0r HT). apply Rplus_0_r.
Qed.
End Augmented.

(** ** The conservation law, and the neurons' trajectory *)

Section Trajectories.
Variables State Param : NM.
Variables (F : State * Param -> State) (Phi_theta : State * Param -> Param) (grad_ell : State -> State).
Variables (s_star : State) (theta : Param) (rates : Param -> Param) (phi : State -> Param).
Hypothesis rates_linear : is_linear rates.
Hypothesis Phi_theta_phi : forall s th, Phi_theta (s, th) = phi s.
Variables (beta eta : R).
Let K (v : Param) : Param := scal (eta / beta : R_AbsRing) (rates v).
Local Notation phase := (nudged_phase F grad_ell (fun p => rates (ep_rule Phi_theta p)) s_star theta beta eta).
Local Notation state t := (fst (phase t)).
Local Notation param t := (snd (phase t)).

Lemma conservation (t : nat) : minus (param t) (K (phi (state t))) = minus theta (K (phi s_star)).
Proof.
induction t as [|t IH]. reflexivity.
rewrite <- IH.
set (s' := state (S t)). set (z := phase t).
assert (E : param (S t) = plus (snd z) (K (minus (phi s') (phi (fst z))))).
{ unfold K, s', z. cbn [nudged_phase]. unfold nudged_step at 1. cbn [snd]. unfold ep_rule. cbn [fst snd].
  assert (Hphi : forall z, Phi_theta z = phi (fst z)) by (intros [a b]; apply Phi_theta_phi).
  rewrite !Hphi. reflexivity. }
rewrite E.
assert (E2 : K (minus (phi s') (phi (fst z))) = minus (K (phi s')) (K (phi (fst z)))).
{ unfold K.
  assert (E3 : rates (minus (phi s') (phi (fst z))) = minus (rates (phi s')) (rates (phi (fst z)))) by exact (linear_minus rates _ _ rates_linear).
  rewrite E3. module Param. }
rewrite E2. module Param.
Qed.

Lemma param_telescopes (t : nat) : param t = plus theta (K (minus (phi (state t)) (phi s_star))).
Proof.
assert (E2 : K (minus (phi (state t)) (phi s_star)) = minus (K (phi (state t))) (K (phi s_star))).
{ unfold K.
  assert (E3 : rates (minus (phi (state t)) (phi s_star)) = minus (rates (phi (state t))) (rates (phi s_star))) by exact (linear_minus rates _ _ rates_linear).
  rewrite E3. module Param. }
rewrite E2.
transitivity (plus (minus (param t) (K (phi (state t)))) (K (phi (state t)))). module Param.
rewrite conservation. module Param.
Qed.

Lemma state_is_ep (t : nat) : state t = ep_phase (augmented_F F phi K (phi s_star)) grad_ell s_star theta beta t.
Proof.
induction t as [|t IH]. reflexivity.
cbn [ep_phase]. rewrite <- IH. unfold augmented_F. cbn [fst snd].
assert (E := param_telescopes t). cbv zeta in E. rewrite <- E, <- surjective_pairing. reflexivity.
Qed.
End Trajectories.

(** ** The derivative of the augmented transition function at rest *)

Lemma filterdiff_pair (U V W : NM) (f : U -> V) (g : U -> W) (p : U) lf lg :
  filterdiff f (locally p) lf -> filterdiff g (locally p) lg ->
  filterdiff (V := prod_NormedModule R_AbsRing V W) (fun u => (f u, g u)) (locally p) (fun h => (lf h, lg h)).
Proof.
intros Hf Hg.
exact (@filterdiff_comp'_2 R_AbsRing U V W (prod_NormedModule R_AbsRing V W) f g (fun a b => (a, b)) p lf lg (fun a b => (a, b)) Hf Hg
   (filterdiff_ext (fun z : prod_NormedModule R_AbsRing V W => z) (fun z : prod_NormedModule R_AbsRing V W => (fst z, snd z)) (fun z => (fst z, snd z))
       (fun z => match z with (a, b) => eq_refl end)
     (filterdiff_ext_lin (fun z : prod_NormedModule R_AbsRing V W => z) (fun z => z) (fun z => (fst z, snd z)) (filterdiff_id _) (fun z => match z with (a, b) => eq_refl end)))).
Qed.

Section AugmentedDerivative.
Variables State Param : NM.
Local Notation Z := (prod_NormedModule R_AbsRing State Param).
Variables (F : State * Param -> State) (phi : State -> Param) (K : Param -> Param) (s_star : State) (theta : Param).
Variables (DF : State * Param -> State) (Dphi : State -> Param).
Hypothesis K_linear : is_linear K.
Hypothesis F_diff : filterdiff (U := Z) F (locally ((s_star, theta) : Z)) DF.
Hypothesis phi_diff : filterdiff phi (locally s_star) Dphi.

Lemma augmented_F_at_rest (th : Param) : augmented_F F phi K (phi s_star) (s_star, th) = F (s_star, th).
Proof.
unfold augmented_F; cbn [fst snd]. apply f_equal. apply f_equal.
assert (E : minus (phi s_star) (phi s_star) = zero) by module Param. rewrite E.
assert (E0 : K zero = zero) by exact (linear_zero K K_linear). rewrite E0. apply plus_zero_r.
Qed.
Lemma augmented_F_diff : filterdiff (U := Z) (augmented_F F phi K (phi s_star)) (locally ((s_star, theta) : Z))
  (fun h => DF (fst h, plus (snd h) (K (Dphi (fst h))))).
Proof.
assert (D1 : filterdiff (U := Z) (fun z : Z => fst z) (locally ((s_star, theta) : Z)) (fun h => fst h))
  by (apply filterdiff_linear, is_linear_fst).
assert (D2 : filterdiff (U := Z) (fun z : Z => snd z) (locally ((s_star, theta) : Z)) (fun h => snd h))
  by (apply filterdiff_linear, is_linear_snd).
assert (D3 : filterdiff (U := Z) (fun z : Z => phi (fst z)) (locally ((s_star, theta) : Z)) (fun h => Dphi (fst h)))
  by exact (@filterdiff_comp' R_AbsRing Z State Param (fun z => fst z) phi (s_star, theta) _ _ D1 phi_diff).
assert (D4 := filterdiff_minus_fct (fun z : Z => phi (fst z)) (fun _ : Z => phi s_star) _ _ D3 (filterdiff_const (phi s_star))).
assert (D5 := @filterdiff_comp' R_AbsRing Z Param Param (fun z => minus (phi (fst z)) (phi s_star)) K (s_star, theta) _ K D4
   (filterdiff_linear K K_linear)).
assert (D6 := @filterdiff_plus_fct R_AbsRing Z Param _ _ _ _ _ _ D2 D5).
assert (D7 := filterdiff_pair D1 D6).
assert (E : (fst ((s_star, theta) : Z), plus (snd ((s_star, theta) : Z)) (K (minus (phi (fst ((s_star, theta) : Z))) (phi s_star)))) = (s_star, theta)).
{ cbn [fst snd]. apply f_equal.
  assert (E : minus (phi s_star) (phi s_star) = zero) by module Param. rewrite E.
  assert (E0 : K zero = zero) by exact (linear_zero K K_linear). rewrite E0. apply plus_zero_r. }
assert (F_diff' := F_diff). rewrite <- E in F_diff'.
assert (D8 := @filterdiff_comp' R_AbsRing Z Z State _ F (s_star, theta) _ DF D7 F_diff').
eapply filterdiff_ext_lin. exact D8. intros h. cbn [fst snd]. apply f_equal. apply f_equal. apply f_equal. apply f_equal.
exact (minus_zero_r _).
Qed.
End AugmentedDerivative.

Section GradientParts.
Variables State Param : NM.
Local Notation Z := (prod_NormedModule R_AbsRing State Param).
Variables (ipS : State -> State -> R) (ipT : Param -> Param -> R).
Hypothesis HS : is_inner_product State ipS.
Lemma gradient_param_part (f : State * Param -> R) (s : State) (th : Param) (gs : State) (gt : Param) :
  is_gradient Z (@product_inner State Param ipS ipT) f (s, th) (gs, gt) ->
  is_gradient Param ipT (fun v => f (s, v)) th gt.
Proof.
intros G. unfold is_gradient in *.
assert (D : filterdiff (U := Param) (V := Z) (fun v : Param => (s, v)) (locally th) (fun h : Param => (zero, h))).
{ apply (filterdiff_pair (filterdiff_const s) (filterdiff_id (locally th))). }
eapply filterdiff_ext_lin. exact (@filterdiff_comp' R_AbsRing Param Z R_NormedModule _ _ _ _ _ D G).
intros y. unfold product_inner; cbn [fst snd]. rewrite (ip0r HS). apply Rplus_0_l.
Qed.
End GradientParts.
